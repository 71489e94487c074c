"""Messages to publish: simulated transactions or a Handbook file, with damaged ones mixed in, all from a seed."""

import csv
import gzip
import io
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from contracts.transaction import Transaction, encode_transaction
from training.simulator.world import DEFAULT_START, World, accounts_for, simulate

DAYS = 40
FUTURE = "2098-01-01T00:00:00Z"


class Sent(NamedTuple):
    """One message: key, value, and whether it was damaged on purpose."""

    key: bytes | None
    value: bytes | None
    damaged: bool


def simulated(count: int, seed: int = 7) -> Iterator[Transaction]:
    """The simulator's world: accounts, devices, IP addresses, merchants, beneficiaries, places, several currencies."""
    world = World(seed=seed, accounts=accounts_for(count, DAYS), start=DEFAULT_START, run_id=f"bench-{seed}")
    return (item.transaction for item in islice(simulate(world), count))


def handbook(path: Path, count: int) -> Iterator[Transaction]:
    """Rows of a Fraud Detection Handbook CSV (gzip or plain); amounts of zero are not payments and are left out."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        rows = (row for row in csv.DictReader(file) if float(row["TX_AMOUNT"]) > 0)
        for row in islice(rows, count):
            yield Transaction(
                transaction_id=row["TRANSACTION_ID"],
                amount=float(row["TX_AMOUNT"]),
                timestamp=datetime.fromisoformat(row["TX_DATETIME"]).replace(tzinfo=UTC),
                account_id=row["CUSTOMER_ID"],
                merchant_id=row["TERMINAL_ID"],
            )


def messages(
    transactions: Iterator[Transaction], damaged_share: float, bytes_max: int, seed: int = 7
) -> Iterator[Sent]:
    """Valid messages in order, with a share of damaged ones between them."""
    chance = random.Random(seed)
    for number, transaction in enumerate(transactions):
        value = encode_transaction(transaction)
        if chance.random() < damaged_share:
            yield Sent(transaction.account.encode(), _damage(chance, value, number, bytes_max), damaged=True)
        yield Sent(transaction.account.encode(), value, damaged=False)


def _damage(chance: random.Random, value: bytes, number: int, bytes_max: int) -> bytes | None:
    """One of the ways in which messages go wrong. Ids are made distinct, so that no damage hides as a repeat."""
    kinds = (
        lambda: value[: len(value) // 2],  # broken off
        lambda: None,
        lambda: b"",
        lambda: b"null",
        lambda: b"[]",
        lambda: b"\xff\xfe" + value,
        lambda: _with(number, b'"amount":NaN'),
        lambda: _with(number, b'"amount":null'),
        lambda: _with(number, b'"amount":"12.50"'),
        lambda: _with(number, b'"amount":-3'),
        lambda: _with(number, b'"amount":1e999'),
        lambda: _with(number, b'"amount":5,"currency":"XXX"'),
        lambda: _with(number, b'"amount":5,"latitude":91,"longitude":0'),
        lambda: _with(number, b'"amount":5,"account_id":"a\\u0000b"'),
        lambda: _with(number, b'"amount":5', at=FUTURE),
        lambda: _with(number, b'"amount":5', at="yesterday"),
        lambda: _with(number, b'"amount":5,"client_id":424242'),
        lambda: b"[" * 50_000,
    )
    if chance.random() < 0.002:  # as large as the broker takes; a few, because they are a megabyte each
        return b"{" + b" " * (bytes_max - 1_000)
    return chance.choice(kinds)()


def _with(number: int, fields: bytes, at: str = "2018-04-01T00:00:00Z") -> bytes:
    account = b"" if b"account_id" in fields else b',"account_id":"damaged"'
    out = io.BytesIO()
    out.write(b'{"transaction_id":"damaged-%d","timestamp":"%s",' % (number, at.encode()))
    out.write(fields + account + b"}")
    return out.getvalue()
