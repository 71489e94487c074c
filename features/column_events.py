"""Columns of transactions to the kernel's events: equal to `features.events`, without a Python step an event."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.transaction import canonical_ip
from features.blake2b import digests
from features.columns import NONE, Texts, TransactionColumns
from features.events import KEY_BYTES, EventBatch, utc_offset_s
from features.gazetteer import DEGREE_STEPS, find_place
from features.layout import EVENT
from features.money import Money
from features.plan import Entity

_LINK = {Entity.ACCOUNT: 0, Entity.DEVICE: 1, Entity.MERCHANT: 2, Entity.BENEFICIARY: 3}  # places in EVENT's `link`
_COUNTRY_LINK = 4
_CODE_SPAN = 2**32  # codes of a column are below it
_MINUTE_MS = 60_000


class ColumnEventBuilder:
    """As `features.events.EventBuilder`, for columns. `zone_of` gives a client's time zone name."""

    def __init__(self, money: Money | None = None, zone_of: Callable[[int], str] = lambda _client: "UTC") -> None:
        self._money = money or Money()
        self._zone_of = zone_of

    def batch(self, columns: TransactionColumns) -> EventBatch:
        """Events of transactions in log order. Raises KeyError for a currency without a rate (refuse it before)."""
        events = np.zeros(len(columns), EVENT)
        events["time"] = columns.time_ms
        events["id"] = _ids(columns)
        events["amount"], events["round"] = _amounts(columns, self._money)
        events["offset_s"] = self._offsets(columns)
        events["kind"] = columns.kind
        _fill_places(columns, events)
        entity_of = np.full((len(columns), len(Entity)), -1, np.int32)
        keys: list[bytes] = []
        for entity, texts in _entities(columns).items():
            used, where = _pairs(columns.client, texts)
            found, links = _keys(entity, used, texts)
            there = where >= 0
            entity_of[there, entity] = where[there] + len(keys)
            keys += found
            if entity in _LINK:
                events["link"][there, _LINK[entity]] = links[where[there]]
        return EventBatch(events, entity_of, keys, np.array([key[0] for key in keys], np.int64))

    def _offsets(self, columns: TransactionColumns) -> NDArray[np.int64]:
        offsets = np.zeros(len(columns), np.int64)
        for client in np.unique(columns.client).tolist():
            zone = self._zone_of(client)
            if zone == "UTC":
                continue
            rows = np.flatnonzero(columns.client == client)
            minutes, where = np.unique(columns.time_ms[rows] // _MINUTE_MS, return_inverse=True)
            by_minute = np.array([utc_offset_s(zone, minute * _MINUTE_MS) for minute in minutes.tolist()], np.int64)
            offsets[rows] = by_minute[where]
        return offsets


def _entities(columns: TransactionColumns) -> dict[Entity, Texts]:
    return {
        Entity.ACCOUNT: columns.account,
        Entity.DEVICE: columns.device,
        Entity.IP: _canonical(columns.ip),
        Entity.MERCHANT: columns.merchant,
        Entity.BENEFICIARY: columns.beneficiary,
    }


def _canonical(ip: Texts) -> Texts:
    """One spelling an address."""
    spelled = [canonical_ip(text) for text in ip.values()]
    index = {text: code for code, text in enumerate(dict.fromkeys(spelled))}
    new = np.array([*(index[text] for text in spelled), NONE], np.int32)
    return Texts.coded(new[ip.codes], list(index))


def _ids(columns: TransactionColumns) -> NDArray[np.uint64]:
    texts = columns.transaction_id
    used, where = _pairs(columns.client, texts)
    first: NDArray[np.uint64] = _digests(used, texts, used // _CODE_SPAN, 8)[:, 0]
    return first[where]


def _pairs(client: NDArray[np.int32], texts: Texts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct (client, text): `client * _CODE_SPAN + code`, and each row's place among them, or -1."""
    where = np.full(len(client), -1, np.int64)
    there = np.flatnonzero(texts.codes != NONE)
    if not len(there):
        return np.zeros(0, np.int64), where
    codes = texts.codes[there].astype(np.int64)
    first = int(client[0])
    if (client == first).all():  # the common case, without sorting
        present = np.zeros(len(texts.offsets) - 1, bool)
        present[codes] = True
        used = np.flatnonzero(present)
        where[there] = (np.cumsum(present) - 1)[codes]
        return used + first * _CODE_SPAN, where
    used, where[there] = np.unique(client[there] * np.int64(_CODE_SPAN) + codes, return_inverse=True)
    return used, where


def _digests(used: NDArray[np.int64], texts: Texts, salts: NDArray[np.int64], digest_bytes: int) -> NDArray[np.uint64]:
    """Digests (m, 2) of the texts of `used` pairs."""
    codes = used % _CODE_SPAN
    starts, lengths = texts.offsets[codes], np.diff(texts.offsets)[codes]
    offsets = np.zeros(len(used) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    take = np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
    return digests(texts.data[take], offsets, salts.astype(np.uint64), digest_bytes)


def _keys(entity: Entity, used: NDArray[np.int64], texts: Texts) -> tuple[list[bytes], NDArray[np.uint32]]:
    """State keys and list hashes of (client, text) pairs; see `features.events.entity_key`."""
    salts = (used // _CODE_SPAN) * 256 + int(entity)  # client u32 behind kind u8
    words = _digests(used, texts, salts, 16).view(np.uint8)
    keyed = np.empty((len(used), KEY_BYTES), np.uint8)
    keyed[:, 0] = int(entity)
    keyed[:, 1:] = words[:, : KEY_BYTES - 1]
    links = words[:, KEY_BYTES - 1 :].copy().view(np.uint32)[:, 0]
    data = keyed.tobytes()
    keys = [data[at : at + KEY_BYTES] for at in range(0, len(data), KEY_BYTES)]
    return keys, np.where(links == 0, np.uint32(1), links)


def _amounts(columns: TransactionColumns, money: Money) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    units = np.empty(len(columns), np.int64)
    roundness = np.empty(len(columns), np.uint8)
    names: list[str | None] = [*columns.currency.values(), None]
    for code in np.unique(columns.currency.codes).tolist():
        rows = columns.currency.codes == code
        units[rows], roundness[rows] = money.units_of(columns.amount[rows], names[code])
    return units, roundness


def _fill_places(columns: TransactionColumns, events: NDArray[Any]) -> None:
    """Coordinates, else the gazetteer; an explicit country always wins."""
    known = np.array([*(int.from_bytes(text.encode(), "little") for text in columns.country.values()), 0], np.uint32)
    link = events["link"]
    link[:, _COUNTRY_LINK] = known[columns.country.codes]
    exact = ~(np.isnan(columns.latitude) | np.isnan(columns.longitude))
    events["latitude"][exact] = np.rint(columns.latitude[exact] * DEGREE_STEPS)
    events["longitude"][exact] = np.rint(columns.longitude[exact] * DEGREE_STEPS)
    events["has_place"] = exact
    named = np.flatnonzero(~exact & (columns.location.codes != NONE))
    if not len(named):
        return
    locations, countries = columns.location.values(), [*columns.country.values(), None]
    pairs = np.stack([columns.location.codes[named], columns.country.codes[named]], axis=1)
    distinct, where = np.unique(pairs, axis=0, return_inverse=True)
    for number, (location, country) in enumerate(distinct.tolist()):
        place = find_place(locations[location], countries[country])
        if place is None:
            continue
        rows = named[where.reshape(-1) == number]
        events["latitude"][rows], events["longitude"][rows], events["has_place"][rows] = *place[:2], 1
        if country == NONE:
            link[rows, _COUNTRY_LINK] = int.from_bytes(place.country.encode(), "little")
