"""What a state in Redis was built with; states of different fingerprints are not comparable."""

from hashlib import sha256

from features.money import Money
from features.packing import FORMAT


def fingerprint_of(catalogue_hash: str, money: Money) -> str:
    """Names state format, catalogue (windows, tiles, delay) and rate table."""
    rates = sha256(money.fingerprint.encode()).hexdigest()[:12]
    return f"{FORMAT}-{catalogue_hash}-{rates}"
