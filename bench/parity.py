"""Online equals offline: the log folded again from its beginning, compared bit for bit with the stored vectors."""

from bench.harness import Lane
from bench.snapshot import Snapshot, is_label, read_log
from contracts.label import ForwardedLabel, decode_forwarded
from contracts.transaction import Transaction, decode_transaction
from features.events import EventBuilder, Record
from features.fold import OfflineFold
from features.money import Money


async def compare_with_offline_fold(lane: Lane, found: Snapshot) -> dict[str, int]:
    """{"vectors": compared, "different vectors": …, "different states": …}; meaningful for one partition."""
    settings = lane.settings
    fold = OfflineFold(EventBuilder(Money(settings.currency_base, settings.currency_default, settings.currency_rates)))
    records: list[Record] = []
    seen: set[tuple[int, str]] = set()
    for record in await read_log(settings, settings.topics.transactions):
        value = decode_forwarded(record.value) if is_label(record) else decode_transaction(record.value)
        if isinstance(value, ForwardedLabel):
            records.append(value)
        elif isinstance(value, Transaction):
            key = (value.client_id, value.transaction_id)
            if f"{key[0]}/{key[1]}" in found.vectors and key not in seen:  # the rest went to the dead letters
                seen.add(key)
                records.append(value)
    different = compared = 0
    for chunk, folded in fold.fold_all(records):
        for value, vector in zip(chunk, folded.vectors, strict=True):
            if isinstance(value, Transaction):
                compared += 1
                different += found.vectors[f"{value.client_id}/{value.transaction_id}"] != vector.tobytes()
    states = sum(found.state.get(key) != fold.states.get(key) for key in found.state.keys() | fold.states.keys())
    return {"vectors": compared, "different vectors": different, "states": len(fold.states), "different states": states}
