"""Settings that exclude each other are refused in every environment."""

import pytest

from settings import Settings


def test_alerts_are_not_kept_longer_than_their_transactions() -> None:
    with pytest.raises(ValueError, match="RETENTION_ALERTS_DAYS must not be more than RETENTION_DAYS"):
        Settings(_env_file=None, retention_days=60, retention_alerts_days=61)
    assert Settings(_env_file=None, retention_days=60, retention_alerts_days=60)


@pytest.mark.parametrize(
    "url", ["fraud.bank.example", "ftp://bank.example", "https://bank.example/console", "https://a@b"]
)
def test_a_public_url_is_an_origin(url: str) -> None:
    with pytest.raises(ValueError, match="PUBLIC_URL must be an address"):
        Settings(_env_file=None, public_url=url)
    for usable in ("", "https://fraud.bank.example", "http://localhost:8000/"):
        assert Settings(_env_file=None, public_url=usable)
