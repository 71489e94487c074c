"""Secrets that callers hold: API keys, one-time sign-in links, feed tickets. Only their HMAC is ever stored."""

import hashlib
import hmac
import secrets

KEY_PREFIX = "rsk_"  # tells a secret scanner and a reader of logs what was leaked
REFRESH_PREFIX = "rsr_"
SECRET_BYTES = 32  # of randomness; cannot be guessed, so the HMAC needs no salt and no stretching
SHOWN_PREFIX_LENGTH = 12  # characters kept in the clear so that an owner can tell two keys apart
SECRET_LENGTH_MAX = 256  # characters of a presented secret; a longer one is refused before it is hashed

SCOPE_READ = "read"  # alerts, transactions, feed, analytics
SCOPE_SCORE = "score"  # POST /v1/score
SCOPE_CASES = "cases"  # deciding alerts and cases
SCOPE_ADMIN = "admin"  # users, keys, policy, subscription, audit log
SCOPES_ALL = (SCOPE_READ, SCOPE_SCORE, SCOPE_CASES, SCOPE_ADMIN)


def new_key() -> tuple[str, str]:
    """Make an API key: (the key, to be shown once; its prefix, which may be kept in the clear)."""
    key = KEY_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    return key, key[:SHOWN_PREFIX_LENGTH]


def hash_key(secret_key: str, key: str) -> bytes:
    """What storage keeps of an API key: 32 bytes, HMAC-SHA-256 under SECRET_KEY."""
    return derive(secret_key, f"api-key:{key}")


def new_token() -> str:
    """Make a one-time secret: of a sign-in link, a feed ticket, an invitation or a password reset."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_sign_in_token(secret_key: str, token: str) -> bytes:
    """What storage keeps of a sign-in link's token: 32 bytes."""
    return derive(secret_key, f"sign-in:{token}")


def hash_ticket(secret_key: str, ticket: str) -> bytes:
    """What storage keeps of a feed ticket: 32 bytes."""
    return derive(secret_key, f"feed-ticket:{ticket}")


def new_refresh_token() -> str:
    return REFRESH_PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def hash_refresh_token(secret_key: str, token: str) -> bytes:
    """What storage keeps of a refresh token: 32 bytes."""
    return derive(secret_key, f"refresh-token:{token}")


def hash_invitation(secret_key: str, token: str) -> bytes:
    """What storage keeps of an invitation's token: 32 bytes."""
    return derive(secret_key, f"invitation:{token}")


def hash_client_invitation(secret_key: str, token: str) -> bytes:
    """What storage keeps of the token of an invitation to register: 32 bytes."""
    return derive(secret_key, f"client-invitation:{token}")


def hash_password_reset(secret_key: str, token: str) -> bytes:
    """What storage keeps of a password reset's token: 32 bytes."""
    return derive(secret_key, f"password-reset:{token}")


def hash_factor_challenge(secret_key: str, token: str) -> bytes:
    """What storage keeps of a second factor's challenge: 32 bytes."""
    return derive(secret_key, f"factor-challenge:{token}")


def derive(secret_key: str, purpose: str) -> bytes:
    """32 bytes from SECRET_KEY for one purpose, so that no secret can stand in for another kind."""
    return hmac.digest(secret_key.encode(), purpose.encode("utf-8", "surrogatepass"), hashlib.sha256)
