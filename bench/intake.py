"""What decoding and checking a message costs: CPU microseconds a transaction of `Gate.admit`, on simulated payments.

    python -m bench.intake [--count N]

Run it before and after a change of the checks; the card search and the spelling of ids are shown for themselves.
"""

import argparse
import time
from collections.abc import Callable

import msgspec

from contracts.card_numbers import may_hold_card_data
from contracts.log import LogRecord
from contracts.look_alikes import complaint_about_ids
from contracts.transaction import Transaction, decode_transaction
from pipeline.intake import Gate

ROUNDS = 7
NOW_MS = 1_772_366_400_000


def messages(count: int) -> list[bytes]:
    """Payments as a JSON library writes them: coordinates in full, one in ten with letters beyond ASCII."""
    return [
        msgspec.json.encode(
            {
                "transaction_id": f"pay-{number:09}",
                "amount": 10 + number % 997 + 0.25,
                "timestamp": "2026-03-01T11:59:00Z",
                "account_id": f"acct-{number % 5_000}",
                "device_id": f"phone-{number % 7_000}",
                "merchant_id": f"shop-{number % 300}",
                "currency": "KES",
                "latitude": -1.2 - number / 7_919,
                "longitude": 36.8 + number / 7_919,
                "location": "São Tomé" if number % 10 == 0 else "Nairobi",
            }
        )
        for number in range(count)
    ]


def cpu_us(work: Callable[[], object], count: int) -> float:
    """The least of several rounds, so that another process's load does not count."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best / count * 1e6


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20_000)
    count = parser.parse_args().count
    bodies = messages(count)
    records = [LogRecord(0, number, NOW_MS, None, body) for number, body in enumerate(bodies)]
    gate = Gate(lambda _client: True, lambda _currency: True, 10**12, 1_000_000)
    transactions = [found for body in bodies if isinstance(found := decode_transaction(body), Transaction)]
    assert len(gate.admit(records).usable) == count
    for name, work in {
        "the whole of Gate.admit": lambda: gate.admit(records),
        "the search for card data": lambda: [may_hold_card_data(body) for body in bodies],
        "the spelling of ids": lambda: [complaint_about_ids(each) for each in transactions],
    }.items():
        print(f"{name}: {cpu_us(work, count):.2f} us CPU a transaction")


if __name__ == "__main__":
    main()
