"""What happens outside: payments on the log and by call, repeats everywhere, labels, messages that cannot be used."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random

import msgspec

from contracts.label import ForwardedLabel
from contracts.transaction import EPOCH, Kind, Transaction, encode_transaction
from tests.pipeline.simulation.world import T0_MS

CLIENTS = (1, 2)
UNKNOWN_CLIENT = 99
AGE_MAX_MS = 30 * 86_400_000
_BAD = (b"not json", b"\xff\xfe", b"", b'{"transaction_id": 1}', b'{"transaction_id":"x","amount":-1}')


@dataclass(frozen=True)
class Happening:
    """At `at` seconds something is appended to a partition, or called (partition None)."""

    at: float
    partition: int | None
    body: bytes
    is_label: bool = False


@dataclass(frozen=True)
class Plan:
    """How much happens in a run."""

    partitions: int
    happenings: int
    span_s: float
    call_rate: float
    repeat_rate: float
    label_rate: float
    bad_rate: float
    accounts: int


def happenings(random: Random, plan: Plan) -> Iterator[Happening]:
    """In order of time."""
    times = sorted(random.uniform(0, plan.span_s) for _ in range(plan.happenings))
    made: list[Transaction] = []
    labels: list[tuple[int, ForwardedLabel]] = []
    for number, at in enumerate(times):
        kind = random.random()
        if kind < plan.bad_rate:
            yield Happening(at, random.randrange(plan.partitions), _unusable(random, number, at))
        elif kind < plan.bad_rate + plan.label_rate and made:
            partition, label = _label(random, random.choice(made), labels, plan)
            yield Happening(at, partition, msgspec.json.encode(label), is_label=True)
        else:
            transaction = _transaction(random, number, at, plan)
            if made and random.random() < plan.repeat_rate:
                earlier = random.choice(made[-8:])
                same = earlier if random.random() < 0.6 else transaction
                transaction = msgspec.structs.replace(
                    same, transaction_id=earlier.transaction_id, client_id=earlier.client_id
                )
            made.append(transaction)
            called = random.random() < plan.call_rate
            partition = None if called else _partition(transaction.client_id, transaction.account, plan)
            body = encode_transaction(transaction)
            yield Happening(at, partition, body)
            if random.random() < plan.repeat_rate / 2:  # the same payment by another way, at nearly the same time
                other = None if partition is not None and plan.call_rate else random.randrange(plan.partitions)
                yield Happening(at + random.expovariate(5.0), other, body)


def _partition(client: int, account: str, plan: Plan) -> int:
    return (client * 7 + int(account[1:])) % plan.partitions


def _transaction(random: Random, number: int, at: float, plan: Plan) -> Transaction:
    late_ms = random.choice((0, 0, 0, 1_000, 600_000, 5_400_000))
    time_ms = T0_MS + int(at * 1000) - late_ms
    return Transaction(
        transaction_id=f"t{number}",
        amount=random.choice((1.0, 10.0, 12.5, 500.0)),
        timestamp=EPOCH + timedelta(milliseconds=time_ms),
        client_id=random.choice(CLIENTS),
        account_id=f"a{random.randrange(plan.accounts)}",
        device_id=random.choice((None, "d1", "d2")),
        ip_address=random.choice((None, "10.0.0.1", "10.0.0.2")),
        merchant_id=random.choice(("m1", "m1", "m2", None)),
        beneficiary_id=random.choice((None, "b1")),
        kind=random.choice((Kind.PAYMENT, Kind.PAYMENT, Kind.PAYMENT, Kind.REFUND, Kind.DECLINED)),
    )


def _label(
    random: Random, of: Transaction, labels: list[tuple[int, ForwardedLabel]], plan: Plan
) -> tuple[int, ForwardedLabel]:
    if labels and random.random() < 0.3:
        return random.choice(labels)
    before = [label for _, label in labels if (label.client_id, label.transaction_id) == _id(of)]
    label = ForwardedLabel(
        client_id=of.client_id,
        transaction_id=of.transaction_id,
        revision=len(before),
        account=of.account,
        merchant_id=of.merchant_id,
        event_time_ms=of.event_time_ms,
        effective_ms=of.event_time_ms + 7 * 86_400_000,
        change=1 if len(before) % 2 == 0 else -1,
    )
    if before:  # one account's labels are in one partition, whatever a repeat of the transaction says
        label = msgspec.structs.replace(label, account=before[0].account, merchant_id=before[0].merchant_id)
    labels.append((_partition(label.client_id, label.account, plan), label))
    return labels[-1]


def _unusable(random: Random, number: int, at: float) -> bytes:
    choice = random.randrange(3)
    if choice == 0:
        return random.choice(_BAD)
    time_ms = T0_MS + int(at * 1000) + (3_600_000 if choice == 1 else 0)
    return encode_transaction(
        Transaction(
            transaction_id=f"bad{number}",
            amount=1.0,
            timestamp=EPOCH + timedelta(milliseconds=time_ms),
            client_id=UNKNOWN_CLIENT if choice == 2 else 1,
            account_id="a0",
        )
    )


def _id(transaction: Transaction) -> tuple[int, str]:
    return transaction.client_id, transaction.transaction_id
