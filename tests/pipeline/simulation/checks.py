"""The promises, checked on what the stores hold at the end, and at each point of no return."""

from collections import Counter

import msgspec
import numpy as np

from contracts.deadletter import Rejection
from contracts.decision import Decision
from contracts.journal import DEGRADED, JournalEntry, Outcome, Position, decode_entry
from contracts.label import ForwardedLabel
from contracts.log import LogRecord
from contracts.transaction import Transaction, decode_transaction
from features.catalogue import FEATURES
from features.fold import OfflineFold, compact, fold_batch
from features.plan import Entity
from features.redis_store.protocol import Apply, StateAddress
from tests.pipeline.simulation.actors import BUILDER, GATE, Servers
from tests.pipeline.simulation.scripted_postgres import without_vector

ACCOUNT_COLUMNS = [i for i, f in enumerate(FEATURES) if f.entity in (None, Entity.ACCOUNT)]
Value = Transaction | ForwardedLabel


def values_of(entry: JournalEntry) -> list[tuple[int, Value]]:
    """What an entry counts, in the order of the log."""
    found: list[tuple[int, Value]] = [(outcome.offset, transaction_of(outcome)) for outcome in entry.outcomes]
    found += [(label.offset, label.label) for label in entry.labels]
    return sorted(found, key=lambda pair: pair[0])


def transaction_of(outcome: Outcome) -> Transaction:
    value = decode_transaction(outcome.body)
    assert isinstance(value, Transaction)
    return value


def miscounted(servers: Servers, address: StateAddress, batch: Apply) -> str | None:
    """At the point of no return: do the account features equal a fold over the state as it is at this moment?"""
    entry = decode_entry(batch.entry)
    values = [value for _, value in values_of(entry)]
    events = BUILDER.batch(values)
    states = [servers.redis.data.get((address.generation, "state", key)) for key in events.keys]
    vectors = fold_batch(events, states).vectors
    rows = [i for i, value in enumerate(values) if isinstance(value, Transaction)]
    if entry.source == DEGRADED:
        return None  # it was decided without the state
    decided = sorted(entry.outcomes, key=lambda outcome: outcome.offset)
    for row, outcome in zip(rows, decided, strict=True):
        kept = np.frombuffer(outcome.decision.vector, np.float32)
        if kept[ACCOUNT_COLUMNS].tobytes() != vectors[row][ACCOUNT_COLUMNS].tobytes():
            return f"{outcome.decision.transaction_id} did not see what was counted before it"
    return None


def unfinished(servers: Servers) -> list[str]:
    """What is still under way; nothing of it once the run is quiet."""
    redis, postgres, kafka = servers.redis, servers.postgres, servers.kafka
    value = redis.data.get(("epoch",))
    if value is None or value[0] != postgres.epoch or value[2] != redis.run_id:
        return [f"the state is not repaired: {value}, epoch {postgres.epoch}, Redis is {redis.run_id}"]
    generation, found = value[1], []
    found += [f"journal entry {key[2:]}" for key in redis.of(generation, "journal")]
    degraded = [place.offset for place in postgres.decided.values() if place.source == DEGRADED]
    if max(degraded, default=-1) > redis.data.get((generation, "marker", DEGRADED), -1):
        found.append("degraded decisions are not counted yet")
    for number in range(len(kafka.logs)):
        end = kafka.end(number)
        if not kafka.logs[number]:
            continue
        if postgres.next_offsets.get(number) != end or kafka.committed.get(number) != end:
            stored, committed = postgres.next_offsets.get(number), kafka.committed.get(number)
            found.append(f"partition {number} ends at {end}, stored {stored}, committed {committed}")
        elif redis.data.get((generation, "marker", number)) != end - 1:
            found.append(
                f"marker of partition {number} is {redis.data.get((generation, 'marker', number))}, not {end - 1}"
            )
    return found


def violations(servers: Servers, called: list[bytes], answered: list[Decision]) -> list[str]:
    """Every broken promise of a run that has come to rest."""
    return [
        *_answers(servers, answered),
        *_decisions(servers, called),
        *wrong_states(servers),
        *_alerts(servers),
        *_published(servers),
        *_dead_letters(servers),
        *_one_partition(servers, called),
    ]


def _usable(record: LogRecord) -> Value | Rejection:
    intake = GATE.admit([record])
    return intake.usable[0].value if intake.usable else intake.rejected[0].rejection


def _decisions(servers: Servers, called: list[bytes]) -> list[str]:
    """Every usable record has its decision, and every decision a place that it truly came from."""
    postgres, found = servers.postgres, []
    on_log: dict[Position, Value] = {}
    for record in (record for log in servers.kafka.logs for record in log):
        value, place = _usable(record), Position(record.partition, record.offset)
        if isinstance(value, Transaction):
            on_log[place] = value
            if (value.client_id, value.transaction_id) not in postgres.decided:
                found.append(f"{value.transaction_id} at {place} has no decision")
        elif isinstance(value, ForwardedLabel) and _label_key(value) not in postgres.labels:
            found.append(f"the label at {place} was not counted")
    for key, place in postgres.decided.items():
        body = postgres.outcomes[key].body
        if body not in called if place.source < 0 else on_log.get(place) != transaction_of(postgres.outcomes[key]):
            found.append(f"{key} is stored as coming from {place}, but did not")
    numbers = Counter(postgres.decided.values())
    return found + [f"{place} was given {n} times" for place, n in numbers.items() if n > 1]


def _answers(servers: Servers, answered: list[Decision]) -> list[str]:
    """What a caller was told is what is stored."""
    stored = {key: _verdict(outcome.decision) for key, outcome in servers.postgres.outcomes.items()}
    return [
        f"the answer on {decision.transaction_id} is not the stored decision"
        for decision in answered
        if stored.get((decision.client_id, decision.transaction_id)) != _verdict(decision)
    ]


def _verdict(decision: Decision) -> Decision:
    """As it is published. A degraded one gets time and account of its transaction from where that is counted."""
    plain = without_vector(decision)
    return msgspec.structs.replace(plain, event_time_ms=0, account="") if plain.degraded else plain


def wrong_states(servers: Servers) -> list[str]:
    """States that are not a fresh fold of what was decided, and claims that nobody released."""
    redis, postgres = servers.redis, servers.postgres
    generation = redis.data[("epoch",)][1]
    fold = OfflineFold(BUILDER)
    counted: list[Value] = [transaction_of(outcome) for outcome in postgres.outcomes.values()]
    counted += [label.label for _, label in postgres.labels.values()]
    if counted:
        fold.fold(counted)
    kept = {key[2]: state for key, state in redis.of(generation, "state").items()}
    found = [f"a state of {key.hex()} that nothing was counted in" for key in kept if key not in fold.states]
    for key, state in fold.states.items():
        kind = Entity(key[0])
        if key not in kept:
            found.append(f"the state of {kind.name} {key.hex()} is missing")
        elif compact(kind, kept[key]) != compact(kind, state):
            found.append(f"the state of {kind.name} {key.hex()} is not that of the decided transactions")
    found += [f"claim {key[2].hex()} was never released" for key in redis.of(generation, "claim")]
    return found


def _alerts(servers: Servers) -> list[str]:
    postgres, found = servers.postgres, []
    raised = {key for key, outcome in postgres.outcomes.items() if outcome.decision.raises_alert}
    if raised != set(postgres.alerts):
        found.append(f"alerts are not those of the decisions: {raised ^ set(postgres.alerts)}")
    for client, last in postgres.sequences.items():
        numbers = sorted(alert.sequence for alert in postgres.alerts.values() if alert.client_id == client)
        if numbers != list(range(1, last + 1)):
            found.append(f"alert numbers of client {client}: {numbers}")
    return found


def _published(servers: Servers) -> list[str]:
    postgres, kafka, found = servers.postgres, servers.kafka, []
    stored = {key: _verdict(outcome.decision) for key, outcome in postgres.outcomes.items()}
    heard: dict[tuple[int, str], Decision] = {}
    for decision in kafka.decisions:
        key = (decision.client_id, decision.transaction_id)
        heard[key] = _verdict(decision)
        if stored.get(key) != heard[key]:
            found.append(f"the published decision of {key} is not the stored one")
    found += [f"the decision of {key} was never published" for key in stored if key not in heard]
    alerts = {(alert.client_id, alert.transaction_id): alert for alert in kafka.alerts}
    if any(postgres.alerts.get((a.client_id, a.transaction_id)) != a for a in kafka.alerts):
        found.append("a published alert is not the stored one")
    found += [f"the alert of {key} was never published" for key in postgres.alerts if key not in alerts]
    return found


def _dead_letters(servers: Servers) -> list[str]:
    sent = {(rejected.record.partition, rejected.record.offset) for rejected in servers.kafka.dead_letters}
    bad = {(r.partition, r.offset) for log in servers.kafka.logs for r in log if isinstance(_usable(r), Rejection)}
    return [f"dead letters {sent ^ bad}"] if sent != bad else []


def _one_partition(servers: Servers, called: list[bytes]) -> list[str]:
    """One partition and no calls: bit-equal to a run in which nothing ever went wrong."""
    first = _first_of_each(servers.kafka.logs[0])
    if len(servers.kafka.logs) != 1 or called or not first:
        return []
    folded = OfflineFold(BUILDER).fold([value for _, value in first])
    found = []
    for row, (offset, value) in enumerate(first):
        if isinstance(value, Transaction):
            outcome = servers.postgres.outcomes[(value.client_id, value.transaction_id)]
            if outcome.offset != offset or outcome.decision.vector != folded.vectors[row].tobytes():
                found.append(f"{value.transaction_id} differs from a run without disturbance")
    for client in servers.postgres.sequences:
        alerts = [alert for alert in servers.postgres.alerts.values() if alert.client_id == client]
        alerts.sort(key=lambda alert: alert.sequence)
        offsets = [servers.postgres.decided[(client, alert.transaction_id)].offset for alert in alerts]
        if offsets != sorted(offsets):
            found.append(f"alerts of client {client} are not in the order of the log")
    return found


def _first_of_each(log: list[LogRecord]) -> list[tuple[int, Value]]:
    first: dict[object, tuple[int, Value]] = {}
    for record in log:
        value = _usable(record)
        if isinstance(value, Transaction):
            first.setdefault((value.client_id, value.transaction_id), (record.offset, value))
        elif isinstance(value, ForwardedLabel):
            first.setdefault(_label_key(value), (record.offset, value))
    return list(first.values())


def _label_key(label: ForwardedLabel) -> tuple[int, str, int]:
    return label.client_id, label.transaction_id, label.revision
