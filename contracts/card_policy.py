"""What becomes of a message that holds card data: refused, or stored with tokens in place of the card numbers."""

from collections.abc import Sequence
from typing import NamedTuple

from contracts.card_numbers import Finding, Replace, cleaned, masked, may_hold_card_data
from contracts.deadletter import DeadLetterReason, Rejection


class CardPolicy(NamedTuple):
    """`replace` makes tokens; without it a message that holds a card number is refused."""

    replace: Replace | None = None

    def applied(self, body: bytes) -> bytes | Rejection:
        """The message as it may be stored, or why it may not be."""
        if not may_hold_card_data(body):
            return body
        fresh, findings = cleaned(body, self.replace or masked)
        if not findings:
            return body
        return fresh if self.replace else Rejection(DeadLetterReason.CARD_DATA, _sentence(findings))


REFUSE = CardPolicy()


def without_card_data(raw: bytes | None) -> bytes | None:
    """What of a message, a key or a header may be kept where it is refused: card numbers masked but for four digits."""
    return cleaned(raw)[0] if raw and may_hold_card_data(raw) else raw


def _sentence(findings: Sequence[Finding]) -> str:
    first = findings[0]
    more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    return f"a {first.what} must not be sent{more}" + (f" - at `$.{first.field}`" if first.field else "")
