"""Hypothesis strategies for event logs that collide: few entities, clustered times, edges hit to the millisecond."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from contracts.label import ForwardedLabel
from contracts.transaction import EPOCH, Kind, Transaction

Record = Transaction | ForwardedLabel

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LABEL_DELAY = 7 * DAY

# A Saturday before a change of the clocks in Europe, 21:50 UTC: near midnight, the night's edge and a tile's edge.
START = int(datetime(2024, 3, 30, 21, 50, tzinfo=UTC).timestamp()) * SECOND
WINDOWS = (5 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY)
TILES = (15 * SECOND, 5 * MINUTE, 30 * MINUTE, 6 * HOUR)
KEPT = (25 * HOUR + 30 * MINUTE, 30 * DAY + HOUR, 37 * DAY, 38 * DAY + HOUR)

ZONES = {1: "Africa/Nairobi", 2: "America/New_York", 3: "Asia/Kathmandu", 4: "Europe/Berlin", 5: "Pacific/Apia"}
CLIENTS = (1,) * 6 + (2, 2, 3, 4, 5)
CURRENCIES = (None, "USD", "EUR", "JPY", "KWD", "KES")
ACCOUNTS = ("a1", "a2", "a3")
DEVICES = (None, "d1", "d2", "d3")
ADDRESSES = (None, "10.0.0.1", "::ffff:10.0.0.1", "2001:DB8::1", "2001:db8:0::1")
MERCHANTS = (None, "m1", "m2", "a1")
BENEFICIARIES = (None, "b1", "b2", "a1")
COUNTRIES = (None, "KE", "US", "JP")
NAMES = ("Nairobi", "NAIROBI", "Tokyo", "São Paulo", "sao paulo", "Nowhere-upon-Nothing", "?")
COORDINATES = (
    (90.0, 0.0),
    (90.0, 77.7),
    (-90.0, -180.0),
    (0.0, 180.0),
    (0.0, -180.0),
    (-16.5, 179.99999),
    (-16.5, -179.99999),
    (-1.28333, 36.81667),
    (-1.28334, 36.81667),
    (1.28333, -143.18333),
)

edges = st.builds(lambda span, shift: span + shift, st.sampled_from(WINDOWS + KEPT), st.integers(-1, 1))
steps = st.one_of(
    st.just(0),
    st.sampled_from((1, 2, 500)),
    st.integers(1, 30 * SECOND),
    st.integers(1, 20 * MINUTE),
    st.integers(1, 7 * HOUR),
    edges,
)
day_steps = st.one_of(st.integers(0, 12 * HOUR), st.integers(1, 4).map(lambda n: n * 6 * HOUR), st.just(7 * DAY), edges)
delays = st.one_of(
    st.just(0),
    st.just(0),
    st.sampled_from((1, SECOND, 90 * SECOND, 10 * MINUTE, HOUR - 1, HOUR)),
    st.integers(0, HOUR),
    st.sampled_from((HOUR + 1, 2 * HOUR, 26 * HOUR, 9 * DAY, 40 * DAY)),
)
snaps = st.one_of(st.none(), st.none(), st.tuples(st.sampled_from((*TILES, HOUR)), st.integers(-1, 1)))
amounts = st.one_of(
    st.sampled_from((0.01, 0.1, 10.0, 20.0, 100.0, 1000.0, 1234.567, 1e6, 1e12)),
    st.integers(1, 10**6).map(lambda cents: cents / 100),
)
kinds = st.sampled_from((Kind.PAYMENT,) * 6 + (Kind.REFUND, Kind.REVERSAL, Kind.DECLINED))
places = st.one_of(
    st.just({}),
    st.just({}),
    st.sampled_from(NAMES).map(lambda name: {"location": name}),
    st.sampled_from(COORDINATES).map(lambda at: {"latitude": at[0], "longitude": at[1]}),
    st.builds(
        lambda latitude, longitude, name: {"latitude": latitude, "longitude": longitude, "location": name},
        st.floats(-90, 90, width=32),
        st.floats(-180, 180, width=32),
        st.sampled_from((None, *NAMES)),
    ),
)


@dataclass(frozen=True)
class Draft:
    """A transaction without its time and id."""

    client: int
    phone: bool
    account: str
    device: str | None
    address: str | None
    merchant: str | None
    beneficiary: str | None
    country: str | None
    place: dict[str, object]
    kind: Kind
    amount: float
    currency: str | None


def drafts(clients: Sequence[int] = CLIENTS, accounts: Sequence[str] = ACCOUNTS) -> st.SearchStrategy[Draft]:
    return st.builds(
        Draft,
        client=st.sampled_from(clients),
        phone=st.booleans(),
        account=st.sampled_from(accounts),
        device=st.sampled_from(DEVICES),
        address=st.sampled_from(ADDRESSES),
        merchant=st.sampled_from(MERCHANTS),
        beneficiary=st.sampled_from(BENEFICIARIES),
        country=st.sampled_from(COUNTRIES),
        place=places,
        kind=kinds,
        amount=amounts,
        currency=st.sampled_from(CURRENCIES),
    )


any_drafts = drafts()


def transaction_of(draft: Draft, time: int, number: int) -> Transaction:
    return Transaction(
        transaction_id=f"t{number}",
        client_id=draft.client,
        timestamp=EPOCH + timedelta(milliseconds=time),
        account_id=None if draft.phone else draft.account,
        phone_number=draft.account if draft.phone else None,
        device_id=draft.device,
        ip_address=draft.address,
        merchant_id=draft.merchant,
        beneficiary_id=draft.beneficiary,
        country=draft.country,
        kind=draft.kind,
        amount=draft.amount,
        currency=draft.currency,
        **draft.place,  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class LabelDraft:
    """A label on one of the transactions so far: `back` counts from the newest, `known` from event time."""

    back: int
    known: int


label_drafts = st.builds(
    LabelDraft, back=st.integers(0, 30), known=st.one_of(st.just(0), st.integers(0, 9 * DAY), st.just(40 * DAY))
)


class Labels:
    """Makes revisions: the changes of a transaction alternate, effective times never decrease."""

    def __init__(self) -> None:
        self._revisions: dict[str, list[ForwardedLabel]] = {}

    def next(self, transaction: Transaction, known: int) -> ForwardedLabel:
        revisions = self._revisions.setdefault(transaction.transaction_id, [])
        before = revisions[-1].effective_ms if revisions else 0
        time = transaction.event_time_ms
        label = ForwardedLabel(
            client_id=transaction.client_id,
            transaction_id=transaction.transaction_id,
            revision=len(revisions),
            account=transaction.account,
            merchant_id=transaction.merchant_id,
            event_time_ms=time,
            effective_ms=max(time + LABEL_DELAY, time + known, before),
            change=-1 if len(revisions) % 2 else 1,
        )
        revisions.append(label)
        return label


@st.composite
def logs(
    draw: st.DrawFn,
    *,
    steps: st.SearchStrategy[int] = steps,
    snaps: st.SearchStrategy[tuple[int, int] | None] = snaps,
    drafts: st.SearchStrategy[Draft] = any_drafts,
    label_share: int = 1,
    length_max: int = 30,
) -> list[Record]:
    """A log in its order; of ten records about `label_share` are labels on earlier transactions."""
    moment = st.tuples(steps, delays, snaps)
    timed = st.tuples(drafts, moment)
    item = st.one_of(*[timed] * (10 - label_share), *[label_drafts] * label_share)
    log: list[Record] = []
    transactions: list[Transaction] = []
    labels, clock = Labels(), START
    length_min = draw(st.sampled_from((0, length_max // 2, length_max - 1)))
    for drawn in [draw(timed), *draw(st.lists(item, min_size=length_min, max_size=length_max - 1))]:
        if isinstance(drawn, LabelDraft):
            log.append(labels.next(transactions[-1 - drawn.back % len(transactions)], drawn.known))
            continue
        draft, (step, delay, snap) = drawn
        clock += step
        if snap is not None:
            width, shift = snap
            clock = -(-clock // width) * width + shift
        transactions.append(transaction_of(draft, clock - delay, len(transactions)))
        log.append(transactions[-1])
    return log


def one_account_logs(length_max: int = 30) -> st.SearchStrategy[list[Record]]:
    """Everything on one account, so that windows fill."""
    return logs(drafts=drafts(clients=(1,), accounts=("a1",)), length_max=length_max)


def labelled_logs() -> st.SearchStrategy[list[Record]]:
    """Days between events, mostly at the edges of tiles, and many labels, so that fraud shares move."""
    return logs(
        steps=day_steps,
        snaps=st.one_of(snaps, st.tuples(st.sampled_from((6 * HOUR, HOUR)), st.integers(-1, 1))),
        drafts=drafts(clients=(1,), accounts=("a1", "a2")),
        label_share=4,
        length_max=40,
    )


@dataclass(frozen=True)
class Flood:
    """Hundreds of events by formula: small to draw and to shrink, large to fold."""

    count: int
    spacing: int  # ms between neighbours
    stride: int  # order in the log: neighbour i is written as the (i × stride mod count)-th
    values: int  # how many distinct devices, merchants, accounts go through it
    shared: str  # the entity that all of them hit
    amount: float

    def transactions(self, start: int) -> list[Transaction]:
        return [self._transaction(i * self.stride % self.count, start) for i in range(self.count)]

    def _transaction(self, i: int, start: int) -> Transaction:
        names = {kind: f"{kind}{i % self.values}" for kind in ("account", "device", "merchant", "beneficiary")}
        names[self.shared] = f"hot-{self.shared}"
        return Transaction(
            transaction_id=f"flood{i}",
            client_id=1,
            timestamp=EPOCH + timedelta(milliseconds=start + i * self.spacing),
            account_id=names["account"],
            device_id=names["device"],
            merchant_id=names["merchant"],
            beneficiary_id=names["beneficiary"] if self.shared == "beneficiary" or i % 3 else None,
            ip_address="10.9.9.9",
            country=COUNTRIES[i % 4],
            latitude=(i % 90) / 2 if i % 5 == 0 else None,
            longitude=(i % 180) / 3 if i % 5 == 0 else None,
            kind=Kind.DECLINED if i % 11 == 0 else Kind.PAYMENT,
            amount=self.amount if i % 7 else 0.01,
            currency="KWD" if i % 2 else "USD",
        )


floods = st.builds(
    Flood,
    count=st.sampled_from((512, 513, 521, 601, 701)),
    spacing=st.sampled_from((0, 1, 40, SECOND, 5 * SECOND, 60 * SECOND, 10 * MINUTE)),
    stride=st.sampled_from((1, 1, 10, 97)),
    values=st.sampled_from((2, 255, 256, 257, 300, 511, 512, 513, 700)),
    shared=st.sampled_from(("account", "account", "device", "merchant", "beneficiary")),
    amount=st.sampled_from((1.0, 49.99, 1e6, 1e12)),
)


@st.composite
def after_floods(draw: st.DrawFn) -> tuple[list[Transaction], list[Transaction]]:
    """A flood, and a few transactions after (or late into) it on the same entities."""
    flood = draw(floods)
    before = flood.transactions(START)
    clock = START + flood.count * flood.spacing
    later = []
    for number, (step, delay, draft) in enumerate(
        draw(st.lists(st.tuples(steps, delays, drafts(clients=(1,))), min_size=1, max_size=6))
    ):
        clock += step
        plain = transaction_of(draft, clock - delay, number)
        hot = {f"{flood.shared}_id": f"hot-{flood.shared}"}
        if flood.shared == "account":
            hot["device_id"] = f"device{number}"
        fields = {name: getattr(plain, name) for name in plain.__struct_fields__}
        later.append(Transaction(**(fields | hot)))
    return before, later
