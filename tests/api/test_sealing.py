"""Sealed secrets: for one owner, under one key or an earlier one, and not otherwise."""

import pytest

from api.accounts.sealing import Sealer
from api.keyring import Keyring

OLD, NEW = "an-old-secret-of-more-than-32-characters", "a-new-secret-of-more-than-32-characters"


def test_what_is_sealed_opens_for_its_owner_only() -> None:
    sealer = Sealer(Keyring(NEW))
    sealed = sealer.seal(b"secret", "user:1")
    assert b"secret" not in sealed
    assert sealed != sealer.seal(b"secret", "user:1")
    assert sealer.open(sealed, "user:1") == b"secret"
    assert sealer.open(sealed, "user:2") is None


def test_an_earlier_key_opens_while_it_is_named() -> None:
    sealed = Sealer(Keyring(OLD)).seal(b"secret", "user:1")
    both = Sealer(Keyring(NEW, OLD))
    assert both.open(sealed, "user:1") == b"secret"
    assert not both.is_current(sealed)
    assert both.is_current(both.seal(b"secret", "user:1"))
    assert Sealer(Keyring(NEW)).open(sealed, "user:1") is None


@pytest.mark.parametrize("place", [0, 8, 20, -1])
def test_a_changed_byte_opens_nothing(place: int) -> None:
    sealer = Sealer(Keyring(NEW))
    sealed = bytearray(sealer.seal(b"secret", "user:1"))
    sealed[place] ^= 1
    assert sealer.open(bytes(sealed), "user:1") is None
    assert sealer.open(bytes(sealed[:10]), "user:1") is None
