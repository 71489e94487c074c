"""What reaches Sentry: the error and its trace, and nothing about people. A real server on this machine takes it."""

import json
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

import pytest
import sentry_sdk

from contracts.errors import SettingsError
from error_reports import configure_error_reports, report
from settings import Settings

CARD = "4111111111111111"


@contextmanager
def sentry() -> Iterator[tuple[str, "Queue[dict[str, object]]"]]:
    """A DSN, and the events that arrive there."""
    events: Queue[dict[str, object]] = Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = zlib.decompress(body, wbits=31)
            for line in body.splitlines():
                item = json.loads(line)
                if "exception" in item:
                    events.put(item)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://public@127.0.0.1:{server.server_port}/1", events
    finally:
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)
        server.shutdown()
        serving.join()
        server.server_close()


def fail() -> None:
    phone = "+254 712 345 678"
    raise RuntimeError(f"no payment of {CARD} by {phone}")


def test_an_error_arrives_without_what_it_was_about() -> None:
    with sentry() as (dsn, events):
        configure_error_reports(Settings(_env_file=None, sentry_dsn=dsn), "gateway")
        with sentry_sdk.new_scope() as scope:
            scope.set_user({"email": "ada@bank.example"})
            scope.set_extra("token", "abc")
            try:
                fail()
            except RuntimeError as error:
                report(error)
        event = events.get(timeout=20)
    text = json.dumps(event)
    assert "RuntimeError" in text
    assert '"function": "fail"' in text
    assert not any(secret in text for secret in (CARD, "712 345", "ada@bank.example", '"vars"', '"request"'))
    assert event["tags"] == {"process": "gateway"}


def test_without_an_address_nothing_is_reported() -> None:
    configure_error_reports(Settings(_env_file=None), "gateway")
    report(RuntimeError("lost"))
    assert not sentry_sdk.get_client().is_active()


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="SENTRY_DSN"):
        configure_error_reports(Settings(_env_file=None, sentry_dsn="nowhere"), "gateway")
