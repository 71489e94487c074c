"""What both shells know of the clients: who exists, in which time zone, with which thresholds."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contracts.transaction import DEMO_CLIENT_ID
from pipeline.served_model import ServedModel
from scoring.policy import Policy, policy_of
from storage.clients import Client

UTC_ZONE = "UTC"


class ClientBook:
    """Answers from memory; `replace` brings it up to date."""

    def __init__(self, model: ServedModel, flag_setting: float | None = None) -> None:
        self._model = model
        self._flag_setting = flag_setting
        self._clients: Mapping[int, Client] = {DEMO_CLIENT_ID: Client(DEMO_CLIENT_ID, "Demo", UTC_ZONE)}

    def replace(self, clients: Mapping[int, Client]) -> None:
        """Take over what Postgres has."""
        self._clients = clients

    def knows(self, client_id: int) -> bool:
        return client_id in self._clients

    def zone(self, client_id: int) -> str:
        """The client's time zone; UTC where it has none that is known here."""
        client = self._clients.get(client_id)
        if client is None:
            return UTC_ZONE
        try:
            ZoneInfo(client.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return UTC_ZONE
        return client.time_zone

    def policy(self, client_id: int) -> Policy:
        """The client's own thresholds, else the environment's, else the model manifest's."""
        default = policy_of(self._model.current.manifest.thresholds, self._flag_setting)
        client = self._clients.get(client_id)
        if client is None or (client.threshold_review, client.threshold_flag, client.threshold_decline) == (None,) * 3:
            return default
        try:
            return Policy(
                client.threshold_review or default.review,
                client.threshold_flag or default.flag,
                client.threshold_decline or default.decline,
            )
        except ValueError:  # they do not rise together with the defaults, which can change later: no reason to stop
            return default
