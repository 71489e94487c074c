"""The kernel and the oracle over the same log, and where they differ."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from contracts.label import ForwardedLabel
from features.catalogue import FEATURES
from features.events import EventBuilder, entity_key, id_hash
from features.fold import Folded, OfflineFold
from features.gazetteer import find_place
from features.money import USD_RATES, Money
from features.plan import Entity, Flag
from tests.features.oracle import Oracle, Seen
from tests.features.oracle_event import Surroundings
from tests.features.strategies import ZONES, Record

ROUNDED = {"amount_log", "distance_km", "speed_kmh", "amount_zscore_30d", "amount_to_mean_30d", "amount_to_max_30d"}
ROUNDED_STATISTICS = ("_std_", "_mean_")  # roots and quotients: rounded more than once on the way to float32
OF_THE_ACCOUNT = {"amount_zscore_30d", "amount_to_mean_30d", "amount_to_max_30d", "distance_km", "speed_kmh"}
ULPS_MAX = 1
SHOWN_MAX = 30
NOTHING = {"distance_km": 1e-6, "speed_kmh": 1e-4}  # a millimetre (in a minute): one spot, spelled two ways
ENTITY_OF_PLURAL = {
    "devices": Entity.DEVICE,
    "merchants": Entity.MERCHANT,
    "beneficiaries": Entity.BENEFICIARY,
    "accounts": Entity.ACCOUNT,
}


@dataclass(frozen=True)
class Difference:
    """`record` is the place in the log; a flag's difference has the flags' names as its values."""

    record: int
    feature: str
    kernel: float | str
    oracle: float | str


def make_builder() -> EventBuilder:
    return EventBuilder(Money(), zone_of=ZONES.__getitem__)


def make_oracle() -> Oracle:
    pairs = [item.split("=") for item in USD_RATES.split()]
    world = Surroundings(
        rates={code: Fraction(rate) for code, rate in pairs},
        currency_default="USD",
        zones={client: ZoneInfo(name) for client, name in ZONES.items()},
        gazetteer=find_place,
        order_of_id=id_hash,
    )
    return Oracle(world, hash_of_value)


def hash_of_value(plural: str, client: int, value: str) -> int:
    """The 32 bits by which the kernel's lists know a value."""
    if plural == "countries":
        return int.from_bytes(value.encode(), "little")
    return entity_key(ENTITY_OF_PLURAL[plural], client, value)[1]


def differences(log: Sequence[Record], *, compare_from: int = 0, folded: Folded | None = None) -> list[Difference]:
    """Where they differ. Records before `compare_from` are counted by both, but not compared."""
    folded = folded or OfflineFold(make_builder()).fold(log)
    oracle = make_oracle()
    found = []
    for index, record in enumerate(log):
        if isinstance(record, ForwardedLabel):
            oracle.label(record)
        elif index < compare_from:
            oracle.remember(record)
        else:
            found += _compare(index, oracle.see(record), folded.vectors[index], int(folded.flags[index]))
    return found


def assert_equal(log: Sequence[Record], *, compare_from: int = 0) -> None:
    """Raises AssertionError with the differences and the end of the log, to be pasted into a report."""
    found = differences(log, compare_from=compare_from)
    assert not found, "\n".join([*map(str, found[:SHOWN_MAX]), *map(_brief, log[-SHOWN_MAX:])])


def _brief(record: Record) -> str:
    said = {name: getattr(record, name) for name in record.__struct_fields__}
    return ", ".join(f"{name}={value}" for name, value in said.items() if value is not None)


def _compare(index: int, seen: Seen, vector: npt.NDArray[np.float32], flags: int) -> list[Difference]:
    found = []
    expected = Flag(Flag.LATE * bool(seen.late) | Flag.RING_FULL * seen.ring_full | Flag.LIST_FULL * seen.list_full)
    if flags != expected:
        found.append(Difference(index, "flags", repr(Flag(flags)), repr(expected)))
    for column, feature in enumerate(FEATURES):
        who = entity_of(feature.name)
        if who in seen.late:
            continue
        kernel, oracle = vector[column], np.float32(seen.features[feature.name])
        if not agree(feature.name, kernel, oracle):
            found.append(Difference(index, feature.name, float(kernel), seen.features[feature.name]))
    return found


def entity_of(name: str) -> str | None:
    """The entity whose state a feature reads."""
    if name in OF_THE_ACCOUNT or name.startswith("new_"):
        return "account"
    first = name.split("_")[0]
    return first if first in ("account", "device", "ip", "merchant", "beneficiary") else None


def agree(name: str, kernel: np.float32, oracle: np.float32) -> bool:
    if math.isnan(kernel) or math.isnan(oracle):
        return math.isnan(kernel) and math.isnan(oracle)
    if kernel == oracle or max(kernel, oracle) < NOTHING.get(name, 0.0):
        return True
    rounded = name in ROUNDED or any(part in name for part in ROUNDED_STATISTICS)
    return rounded and abs(int(kernel.view(np.int32)) - int(oracle.view(np.int32))) <= ULPS_MAX
