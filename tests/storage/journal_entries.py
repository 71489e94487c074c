"""Journal entries as the pipeline makes them, from a few words."""

from datetime import UTC, datetime, timedelta

from contracts.decision import Decision, Reason, Recommendation, RiskLevel
from contracts.journal import CountedLabel, JournalEntry, Outcome
from contracts.label import ForwardedLabel
from contracts.transaction import EPOCH, Transaction, encode_transaction

T0_MS = 1_750_000_000_000  # 2025-06-15 15:06:40 UTC
REASON = Reason("account_count_5m", 9.0, 1.0, 2.5, "9 payments in 5 minutes; this account's usual is 1")


def outcome(
    offset: int, *, alert: bool = False, client_id: int = 1, name: str | None = None, time_ms: int | None = None
) -> Outcome:
    """The outcome at `offset`: its transaction is `name`, else "tx-<offset>"."""
    time_ms = T0_MS + offset if time_ms is None else time_ms
    transaction = Transaction(
        transaction_id=name or f"tx-{offset}",
        amount=12.5,
        timestamp=EPOCH + timedelta(milliseconds=time_ms),
        client_id=client_id,
        account_id=f"account-{offset % 7}",
        device_id="device-1",
        ip_address="2001:DB8::1",
        merchant_id=f"merchant-{offset % 3}",
        currency="KES" if offset % 2 else None,
        location="Nairobi",
    )
    decision = Decision(
        client_id=client_id,
        transaction_id=transaction.transaction_id,
        account=transaction.account,
        event_time_ms=time_ms,
        risk_score=93.25 if alert else 1.1,
        risk_level=RiskLevel.CRITICAL if alert else RiskLevel.LOW,
        recommendation=Recommendation.DECLINE if alert else Recommendation.APPROVE,
        probability=0.1 + 0.2,
        signals={"velocity": 1 / 3, "device_new": 1.0},
        model_version="2025-06-01",
        catalogue_hash="c0ffee",
        policy_version="1",
        decided_by="model",
        flags=5,
        states={"device": 3, "merchant": 40},
        reasons=(REASON,) if alert else (),
        vector=offset.to_bytes(4, "little") * 30,
    )
    return Outcome(offset, encode_transaction(transaction), decision)


def entry(
    start: int,
    stop: int,
    *,
    source: int = 0,
    epoch: int = 1,
    alerts: frozenset[int] | set[int] = frozenset(),
    client_id: int = 1,
    prefix: str | None = None,
    labels: tuple[CountedLabel, ...] = (),
) -> JournalEntry:
    """One outcome an offset in [start, stop); `alerts` are the offsets that raise one."""
    prefix = f"tx-{source}-" if prefix is None else prefix
    outcomes = tuple(
        outcome(offset, alert=offset in alerts, client_id=client_id, name=f"{prefix}{offset}")
        for offset in range(start, stop)
    )
    return JournalEntry(source, start, stop, epoch, outcomes, labels)


def counted_label(offset: int, *, revision: int = 0, name: str | None = None) -> CountedLabel:
    return CountedLabel(
        offset,
        ForwardedLabel(
            client_id=1,
            transaction_id=name or f"tx-{offset}",
            revision=revision,
            account="account-1",
            merchant_id=None,
            event_time_ms=T0_MS,
            effective_ms=T0_MS + 1,
            change=1,
        ),
    )


def at(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
