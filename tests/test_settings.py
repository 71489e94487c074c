"""Production does not start with a secret that could be guessed."""

import secrets

import pytest

from settings import WEAK_SECRETS, Settings


@pytest.mark.parametrize("secret", ["", "short", "a" * 64, *sorted(WEAK_SECRETS)])
def test_a_weak_secret_is_refused_in_production(secret: str) -> None:
    with pytest.raises(ValueError, match="SECRET_KEY must be"):
        Settings(_env_file=None, environment="production", secret_key=secret)
    assert Settings(_env_file=None, environment="development", secret_key=secret)


def test_a_random_secret_will_do() -> None:
    assert Settings(_env_file=None, environment="production", secret_key=secrets.token_urlsafe(48))


def test_alerts_are_not_kept_longer_than_their_transactions() -> None:
    with pytest.raises(ValueError, match="RETENTION_ALERTS_DAYS must not be more than RETENTION_DAYS"):
        Settings(_env_file=None, retention_days=60, retention_alerts_days=61)
    assert Settings(_env_file=None, retention_days=60, retention_alerts_days=60)
