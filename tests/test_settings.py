"""Settings that exclude each other are refused in every environment."""

import pytest

from settings import Settings


def test_alerts_are_not_kept_longer_than_their_transactions() -> None:
    with pytest.raises(ValueError, match="RETENTION_ALERTS_DAYS must not be more than RETENTION_DAYS"):
        Settings(_env_file=None, retention_days=60, retention_alerts_days=61)
    assert Settings(_env_file=None, retention_days=60, retention_alerts_days=60)
