"""Who exists, in which time zone, with which thresholds."""

from pathlib import Path

import pytest

from contracts.transaction import DEMO_CLIENT_ID
from pipeline.client_book import ClientBook
from pipeline.served_model import ServedModel
from scoring.policy import Policy
from storage.clients import Client

OWN = Client(2, "Own", "Africa/Nairobi", 40.0, 60.0, 80.0)
PART = Client(3, "Part", "Nowhere/Never", None, 70.0, None)
PLAIN = Client(4, "Plain", "../etc/passwd")


@pytest.fixture
def model(model_folder: Path) -> ServedModel:
    served = ServedModel(model_folder)
    assert served.refresh()
    return served


@pytest.fixture
def book(model: ServedModel) -> ClientBook:
    book = ClientBook(model)
    book.replace({client.client_id: client for client in (OWN, PART, PLAIN)})
    return book


def test_before_postgres_was_read_the_demo_client_exists(model: ServedModel) -> None:
    book = ClientBook(model)
    assert book.knows(DEMO_CLIENT_ID)
    assert not book.knows(2)


def test_what_postgres_has_replaces_everything(book: ClientBook) -> None:
    assert book.knows(2)
    assert not book.knows(DEMO_CLIENT_ID)


def test_a_zone_that_is_not_known_here_is_utc(book: ClientBook) -> None:
    assert [book.zone(client) for client in (2, 3, 4, 99)] == ["Africa/Nairobi", "UTC", "UTC", "UTC"]


def test_thresholds_of_the_client_come_before_the_manifests(book: ClientBook, model: ServedModel) -> None:
    manifest = model.current.manifest.thresholds
    assert book.policy(2) == Policy(40.0, 60.0, 80.0)
    assert book.policy(3) == Policy(manifest.review, 70.0, manifest.decline)
    assert book.policy(4) == book.policy(99) == Policy(manifest.review, manifest.flag, manifest.decline)


def test_thresholds_that_do_not_rise_with_the_defaults_stop_nobody(book: ClientBook) -> None:
    """One client's setting must not end the worker that scores all of them."""
    for odd in ((None, 10.0, None), (80.0, 80.0, 90.0), (99.0, None, None)):
        book.replace({5: Client(5, "Odd", "UTC", *odd)})
        assert book.policy(5) == book.policy(99)


def test_the_environment_comes_between_them(model: ServedModel) -> None:
    book = ClientBook(model, flag_setting=65.0)
    book.replace({2: OWN})
    assert book.policy(2).flag == 60.0
    assert book.policy(99).flag == 65.0
