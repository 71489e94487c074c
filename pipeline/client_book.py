"""What both shells know of the clients: who exists, in which time zone, with which thresholds."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contracts.transaction import DEMO_CLIENT_ID
from pipeline.served_model import ServedModel
from scoring.manifest import Thresholds
from scoring.policy import DEFAULT_LIMITS, Limits, Policy, policy_of
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
        """The client's own thresholds and limits, else the environment's thresholds, else the model manifest's."""
        return self.combined(self._clients.get(client_id), strict=False)

    def combined(self, client: Client | None, *, strict: bool = True) -> Policy:
        """What a client's settings come to with the defaults of this moment.

        Raises ValueError if they do not fit together; unless `strict`, what does not fit gives way to the defaults.
        """
        model = self._model.loaded
        default = policy_of(model.manifest.thresholds if model else Thresholds(), self._flag_setting)
        if client is None:
            return default
        try:
            limits = Limits(
                _given(client.approve_below, DEFAULT_LIMITS.approve_below),
                _given(client.review_below, DEFAULT_LIMITS.review_below),
            )
        except ValueError:
            if strict:
                raise
            limits = DEFAULT_LIMITS
        try:
            return Policy(
                _given(client.threshold_review, default.review),
                _given(client.threshold_flag, default.flag),
                _given(client.threshold_decline, default.decline),
                limits,
            )
        except ValueError:  # they do not rise together with the defaults, which can change later: no reason to stop
            if strict:
                raise
            return Policy(default.review, default.flag, default.decline, limits)


def _given(own: float | None, default: float) -> float:
    return default if own is None else own
