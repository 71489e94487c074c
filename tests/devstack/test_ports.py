import socket
from collections.abc import Iterator

import pytest

from contracts.errors import StackError
from devstack.ports import HOST, choose, hold, is_free, require_free

NAMES = {"redis": "REDIS_URL", "postgres": "DATABASE_URL"}


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_names_itself_and_its_setting(taken: int) -> None:
    with pytest.raises(StackError, match=rf"Port {taken} \(API_PORT\) is taken.*set API_PORT"):
        require_free("API_PORT", taken)


def test_a_set_port_that_is_taken_is_refused_not_replaced(taken: int) -> None:
    with pytest.raises(StackError, match="REDIS_URL"):
        choose({"redis": taken}, {}, NAMES)


def test_an_address_of_another_machine_gives_a_sentence() -> None:
    with pytest.raises(StackError, match=r"Cannot listen on 192\.0\.2\.1:0 \(API_HOST\)"):
        require_free("API_HOST", 0, "192.0.2.1")


def test_the_last_runs_ports_are_kept_while_they_are_free(taken: int) -> None:
    first = choose({}, {}, NAMES)
    assert len(set(first.values())) == 2
    assert all(is_free(port) for port in first.values())
    assert choose({}, first, NAMES) == first
    moved = choose({}, first | {"redis": taken}, NAMES)
    assert moved["postgres"] == first["postgres"]
    assert moved["redis"] != taken


def test_a_held_port_is_nobody_elses_until_it_is_let_go() -> None:
    port = choose({}, {}, {"api": "API_PORT"})["api"]
    held = hold(port)
    assert held is not None
    assert not is_free(port)
    assert hold(port) is None
    held.close()
    assert is_free(port)
