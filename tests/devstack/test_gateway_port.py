"""Which port the gateway of `riskstream up` gets: the usual one, which it holds meanwhile, or a free one."""

from pathlib import Path

import pytest

from contracts.errors import StackError
from devstack.ports import HOST, choose, hold, is_free
from devstack.up import _Run
from settings import Settings

NAMES = {"api": "API_PORT", "worker-1": "METRICS_PORT"}


def run_with(home: Path, port: int, *, is_set: bool) -> _Run:
    """A run whose usual port is `port`, or whose settings name it."""
    fields = {"riskstream_home", "api_port"} if is_set else {"riskstream_home"}
    settings = Settings.model_construct(_fields_set=fields, riskstream_home=home, api_port=port)
    return _Run(settings, only_servers=False)


@pytest.mark.parametrize("is_set", [True, False])
def test_the_usual_port_and_one_that_was_set_are_taken_where_they_are_free(tmp_path: Path, is_set: bool) -> None:
    port = choose({}, {}, {"api": "API_PORT"})["api"]
    run = run_with(tmp_path, port, is_set=is_set)
    ports = run._ports(run._api_port(), NAMES)
    assert ports["api"] == port
    assert ports["worker-1"] != port
    assert is_free(port) == is_set, "the usual one is held, so that a copy that starts now takes another one"
    other = run_with(tmp_path / "other", port, is_set=False)
    if not is_set:
        assert other._ports(other._api_port(), NAMES)["api"] != port
        assert run._held_port is not None
        run._held_port.close()
        assert is_free(port)


def test_a_set_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    port = choose({}, {}, {"api": "API_PORT"})["api"]
    taken = hold(port, HOST)
    assert taken is not None
    with taken, pytest.raises(StackError, match=rf"Port {port} \(API_PORT\) is taken"):
        run_with(tmp_path, port, is_set=True)._api_port()
