"""The one exception tree.

    RiskstreamError
    ├── SettingsError          a setting is missing, weak or contradictory: the process does not start
    ├── ModelRefused           a model file is damaged, foreign, or built for another catalogue
    ├── DataRefused            training data that cannot be used: unreadable, duplicated, or too little of it
    ├── StackError             a part of the embedded stack cannot start; the text says what to do
    ├── StoreUnavailable       Redis, Postgres or Kafka refuses or does not answer; the work can be repeated
    │   ├── StateUnavailable   it is Redis, the state store
    │   ├── OutcomeUnknown     a call may be counted, and will then be decided without its caller; repeat it
    │   └── BeingDecided       another source has counted one of these transactions and not stored it yet
    ├── StateMismatch          the state in Redis was built by another catalogue, rate table or format
    ├── StateLost              Redis runs without what it was last known to hold; repair comes first
    ├── PartitionLost          another worker owns the partition now; stop, rejoin, repeat nothing
    ├── DecisionConflict       another source decided one of the batch's transactions first; nothing of it was stored
    ├── IdReused               a transaction id came before with another body
    └── OffsetGap              the log does not continue where the stored offset ends; a person decides

Bad input is not in this tree: it is a value (`contracts.deadletter.Rejection`) that flows to the dead-letter topic.
"""

from enum import StrEnum


class RiskstreamError(Exception):
    """Base of everything that Riskstream raises on purpose; its text is one sentence that says what to do."""


class SettingsError(RiskstreamError):
    """A setting is missing, weak or contradictory."""


class ModelRefused(RiskstreamError):
    """A model file is damaged, foreign, or built for another catalogue."""


class DataRefused(RiskstreamError):
    """Training data cannot be used: unreadable, duplicated, or too little of it."""


class StackError(RiskstreamError):
    """A part of the embedded stack cannot start or stop."""


class StoreOutcome(StrEnum):
    """Whether a store carried out a request that ended in an error (the table is `contracts.store_errors`)."""

    NOT_DONE = "not_done"
    DONE = "done"
    UNKNOWN = "unknown"


class StoreUnavailable(RiskstreamError):
    """A store refuses, or does not answer in time; the request can be repeated. `outcome`: whether it was done."""

    def __init__(self, message: str, outcome: StoreOutcome = StoreOutcome.UNKNOWN) -> None:
        super().__init__(message)
        self.outcome = outcome


class StateUnavailable(StoreUnavailable):
    """The state store refuses, or does not answer in time."""


class OutcomeUnknown(StoreUnavailable):
    """A call has gone to be counted and no answer came: it may be decided later, once, without its caller."""


class BeingDecided(StoreUnavailable):
    """Another source has counted transactions of the batch, and their decisions are not stored yet.

    `keys` are these transactions, (client id, transaction id).
    """

    def __init__(self, message: str, keys: tuple[tuple[int, str], ...]) -> None:
        super().__init__(message)
        self.keys = keys


class StateMismatch(RiskstreamError):
    """The state in Redis was built by another catalogue, rate table or format version."""


class StateLost(RiskstreamError):
    """Redis runs without what it was last known to hold."""


class PartitionLost(RiskstreamError):
    """Another worker owns the partition now."""


class DecisionConflict(RiskstreamError):
    """Another source decided transactions of the batch in between; nothing of the batch was stored.

    `keys` are these transactions, (client id, transaction id). Their first decisions stand.
    """

    def __init__(self, message: str, keys: tuple[tuple[int, str], ...]) -> None:
        super().__init__(message)
        self.keys = keys


class IdReused(RiskstreamError):
    """A transaction id came before with another body; the first one stands."""


class OffsetGap(RiskstreamError):
    """The log does not continue at the offset where the stored state ends."""
