"""Claims: short hashes of transaction ids, by which two sources notice that they count the same transaction."""

from hashlib import blake2b

from contracts.journal import JournalEntry

CLAIM_BYTES = 16


def claim_of(client_id: int, transaction_id: str) -> bytes:
    """128-bit hash of one transaction id."""
    salt = client_id.to_bytes(4, "little")
    return blake2b(transaction_id.encode(), digest_size=CLAIM_BYTES, salt=salt).digest()


def claims_of(entry: JournalEntry) -> list[bytes]:
    """The claims of a journal entry's transactions, in its order."""
    return [claim_of(outcome.decision.client_id, outcome.decision.transaction_id) for outcome in entry.outcomes]
