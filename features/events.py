"""Transactions and labels to the kernel's events: hashes, exact amounts, places, the client's time zone."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from contracts.label import ForwardedLabel
from contracts.transaction import Transaction, canonical_ip
from features.columns import KIND_CODE
from features.gazetteer import find_place, quantise
from features.layout import EVENT, KIND_LABEL
from features.money import Money
from features.plan import Entity

KEY_BYTES = 13  # entity kind and 96 bits of a hash over (client, id)
_pack_event = struct.Struct("<qQqqiii5IBbBB").pack
assert struct.calcsize("<qQqqiii5IBbBB") == EVENT.itemsize

Record = Transaction | ForwardedLabel


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events in log order, and the distinct entities they touch."""

    events: NDArray[Any]  # EVENT (n,)
    entity_of: NDArray[np.int32]  # (n, 5): index into `keys`, or -1
    keys: list[bytes]
    kinds: NDArray[np.int64]


@lru_cache(maxsize=262_144)
def entity_key(kind: int, client_id: int, identifier: str) -> tuple[bytes, int]:
    """(state key of KEY_BYTES, 32-bit hash for lists; never 0) of an entity."""
    digest = blake2b(identifier.encode(), digest_size=16, salt=struct.pack("<BI", kind, client_id)).digest()
    return bytes((kind,)) + digest[:12], int.from_bytes(digest[12:], "little") or 1


def id_hash(client_id: int, transaction_id: str) -> int:
    """64-bit hash of a transaction's id: breaks ties between events of one millisecond."""
    salt = struct.pack("<I", client_id)
    return int.from_bytes(blake2b(transaction_id.encode(), digest_size=8, salt=salt).digest(), "little")


def utc_offset_s(zone: str, time_ms: int) -> int:
    """The zone's offset from UTC at an event's minute, in seconds. Raises ZoneInfoNotFoundError for an unknown zone."""
    return 0 if zone == "UTC" else _offset_at_minute(zone, time_ms // 60_000)


@lru_cache(maxsize=65_536)
def _offset_at_minute(zone: str, minute: int) -> int:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset else 0


class EventBuilder:
    """Makes the kernel's events. `zone_of` gives a client's time zone name."""

    def __init__(self, money: Money | None = None, zone_of: Callable[[int], str] = lambda _client: "UTC") -> None:
        self._money = money or Money()
        self._zone_of = zone_of

    def batch(self, records: Sequence[Record]) -> EventBatch:
        """Events of records in log order. Raises KeyError for a currency without a rate (refuse it before)."""
        index: dict[bytes, int] = {}
        packed = bytearray()
        rows: list[int] = []
        for record in records:
            entities, event = self._label(record) if type(record) is ForwardedLabel else self._transaction(record)  # type: ignore[arg-type]
            packed += event
            rows += [-1 if key is None else index.setdefault(key, len(index)) for key in entities]
        return EventBatch(
            events=np.frombuffer(packed, EVENT),
            entity_of=np.array(rows, np.int32).reshape(-1, len(Entity)),
            keys=list(index),
            kinds=np.array([key[0] for key in index], np.int64),
        )

    def _transaction(self, t: Transaction) -> tuple[tuple[bytes | None, ...], bytes]:
        client = t.client_id
        time = t.event_time_ms
        units, roundness = self._money.units(t.amount, t.currency)
        latitude, longitude, country, has_place = _place_of(t)
        account, account_hash = entity_key(Entity.ACCOUNT, client, t.account)
        device, device_hash = _maybe(Entity.DEVICE, client, t.device_id)
        ip = _maybe(Entity.IP, client, canonical_ip(t.ip_address) if t.ip_address else None)[0]
        merchant, merchant_hash = _maybe(Entity.MERCHANT, client, t.merchant_id)
        beneficiary, beneficiary_hash = _maybe(Entity.BENEFICIARY, client, t.beneficiary_id)
        country_hash = int.from_bytes(country.encode(), "little") if country else 0
        event = _pack_event(
            time, id_hash(client, t.transaction_id), units, 0, utc_offset_s(self._zone_of(client), time),
            latitude, longitude, account_hash, device_hash, merchant_hash, beneficiary_hash, country_hash,
            KIND_CODE[t.kind], 0, has_place, roundness,
        )  # fmt: skip
        return (account, device, ip, merchant, beneficiary), event

    def _label(self, label: ForwardedLabel) -> tuple[tuple[bytes | None, ...], bytes]:
        account = entity_key(Entity.ACCOUNT, label.client_id, label.account)[0]
        merchant = _maybe(Entity.MERCHANT, label.client_id, label.merchant_id)[0]
        event = _pack_event(
            label.event_time_ms, id_hash(label.client_id, label.transaction_id), 0, label.effective_ms,
            0, 0, 0, 0, 0, 0, 0, 0, KIND_LABEL, label.change, 0, 0,
        )  # fmt: skip
        return (account, None, None, merchant, None), event


def _maybe(kind: Entity, client_id: int, identifier: str | None) -> tuple[bytes | None, int]:
    return (None, 0) if identifier is None else entity_key(kind, client_id, identifier)


def _place_of(t: Transaction) -> tuple[int, int, str, int]:
    """(latitude, longitude, country, known): coordinates, else the gazetteer; an explicit country always wins."""
    if t.latitude is not None and t.longitude is not None:
        return *quantise(t.latitude, t.longitude), t.country or "", 1
    place = find_place(t.location, t.country) if t.location else None
    if place is None:
        return 0, 0, t.country or "", 0
    return place.latitude, place.longitude, t.country or place.country, 1
