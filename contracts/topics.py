"""Topic names (DESIGN section 6) and the headers that Riskstream puts on what it publishes."""

from dataclasses import dataclass

LABEL_HEADER = "riskstream-label"  # marks a label that the forwarder wrote into the transaction log
DEAD_LETTER_SIZE_FACTOR = 2  # the dead-letter topic takes messages twice the input's limit


@dataclass(frozen=True, slots=True)
class Topics:
    """The five topics, with an optional prefix so that two installations can share one broker."""

    transactions: str
    dead_letters: str
    labels: str
    decisions: str
    alerts: str

    @classmethod
    def with_prefix(cls, prefix: str = "") -> "Topics":
        return cls(
            transactions=f"{prefix}payments.transactions.v1",
            dead_letters=f"{prefix}payments.transactions.v1.dlq",
            labels=f"{prefix}payments.labels.v1",
            decisions=f"{prefix}fraud.decisions.v1",
            alerts=f"{prefix}fraud.alerts.v1",
        )
