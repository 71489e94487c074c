"""Unexpected errors to Sentry, if SENTRY_DSN is set: without what was sent, who sent it, or what variables held."""

import sys
from typing import TYPE_CHECKING

from contracts.errors import SettingsError
from redaction import redacted
from settings import Settings

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

CLOSE_S = 2  # for reports that are still to be sent when the process ends
PERSONAL = ("request", "user", "breadcrumbs", "extra", "server_name")  # parts of an event that never leave


def configure_error_reports(settings: Settings, process: str) -> None:
    """From here on report what nobody expected. Without a DSN nothing is loaded. Raises SettingsError."""
    if not settings.sentry_dsn:
        return
    import sentry_sdk

    try:
        sentry_sdk.init(
            settings.sentry_dsn,
            environment=settings.environment,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_enabling_integrations=False,  # they would look into requests, queries and commands
            shutdown_timeout=CLOSE_S,
            before_send=_cleaned,
        )
    except ValueError as error:
        raise SettingsError(f"SENTRY_DSN: {error}") from error
    sentry_sdk.set_tag("process", process)


def report(error: BaseException) -> None:
    """Report an error that was caught at last resort; nothing without a DSN."""
    sentry = sys.modules.get("sentry_sdk")
    if sentry is not None:
        sentry.capture_exception(error)


def _cleaned(event: "Event", _hint: "Hint") -> "Event":
    kept = {name: value for name, value in event.items() if name not in PERSONAL}
    cleaned: Event = redacted(kept)
    return cleaned
