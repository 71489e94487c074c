"""Account limits: amounts over what is allowed for the account, or over what it learned to be usual."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from analysis.chunks import Rows
from analysis.detectors import protocol
from analysis.detectors.groups import Moments, group_of, log_amount
from analysis.detectors.protocol import Found, Kind, Setting

LIMITS_MAX = 10_000  # in one configuration
TIMES_MAX = 1e6  # over a limit; what any amount is over a limit of 0


class Config(protocol.Config):
    limits: dict[str, Annotated[float, Field(ge=0, le=1e12)]] = Field(
        default_factory=dict, max_length=LIMITS_MAX, description="Limit of the amount by account."
    )
    default: float | None = Field(None, ge=0, le=1e12, description="Limit of all others; none: it is learned.")
    deviations: float = Field(
        4, ge=1, le=20, description="A learned limit: so many deviations over the account's mean."
    )
    rows_min: int = Field(20, ge=5, le=10_000, description="Rows that an account needs for a learned limit.")


class AccountLimit:
    name: ClassVar[str] = "account_limit"
    kind: ClassVar[Kind] = "rule"
    summary: ClassVar[str] = "Amounts over the account's own limit."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = "Three numbers an account."
    evidence: ClassVar[tuple[str, ...]] = ("limit", "learned")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, setting: Setting) -> None:
        self._config = config
        self._word = setting.word
        self._moments = Moments()

    def fit(self, rows: Rows) -> None:
        self._moments.add(group_of(rows, "account"), log_amount(np.abs(rows.amount)))

    def finish(self) -> None: ...

    def detect(self, rows: Rows) -> Found:
        config, account = self._config, rows.words["account"]
        count, mean, deviation = self._moments.of(group_of(rows, "account"))
        learned = np.expm1(mean + config.deviations * deviation)
        limit = np.where(count >= config.rows_min, learned, np.nan)
        if config.default is not None:
            limit = np.full(len(rows), config.default)
        fixed = np.full(len(rows), config.default is not None)
        for number in np.unique(account).tolist() if config.limits else ():
            of_account = config.limits.get(self._word("account", number))
            if of_account is not None:
                limit[account == number], fixed[account == number] = of_account, True
        with np.errstate(invalid="ignore", divide="ignore"):
            times = np.minimum(np.abs(rows.amount) / limit, TIMES_MAX)
        over = np.where(times > 1, 1 + np.log(np.maximum(times, 1)), 0.0)
        over[np.isnan(limit)] = np.nan
        return Found(over, {"limit": limit, "learned": (~fixed).astype(float)})

    def reason(self, evidence: Mapping[str, float]) -> str:
        kind = "the limit that its past sets" if evidence["learned"] else "the limit set for it"
        return f"Over {kind}, {evidence['limit']:,.2f}"
