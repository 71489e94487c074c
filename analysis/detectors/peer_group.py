"""Peer group: accounts that behave unlike the others of their group, and the rows that make them so."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pydantic import Field

from analysis.chunks import Rows
from analysis.detectors import protocol
from analysis.detectors.groups import GroupBy, Moments, distinct_pairs, group_of, log_amount
from analysis.detectors.protocol import Found, Kind, Setting

PAIRS_MAX = 2_000_000  # account and peer group, some 250 bytes each; a file with more has no peers worth the name


class Config(protocol.Config):
    peers: GroupBy = Field("category", description="Accounts with rows in the same one of these are peers.")
    accounts_min: int = Field(8, ge=3, le=10_000, description="Accounts that a peer group needs.")


class PeerGroup:
    name: ClassVar[str] = "peer_group"
    kind: ClassVar[Kind] = "behavioural"
    summary: ClassVar[str] = "Amounts far from what the account's peers pay in the same group."
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = f"One number an account and peer group, up to {PAIRS_MAX:,}."
    evidence: ClassVar[tuple[str, ...]] = ("z", "mean", "accounts")
    config_type: ClassVar[type[protocol.Config]] = Config

    def __init__(self, config: Config, _: Setting) -> None:
        self._config = config
        self._sums: dict[tuple[int, int], list[float]] = {}  # (group, account) → [rows, sum of logarithms]
        self._peers = Moments()

    def fit(self, rows: Rows) -> None:
        group, account = group_of(rows, self._config.peers), group_of(rows, "account")
        use = (group > 0) | (self._config.peers == "none")
        keys, places = distinct_pairs(group[use], account[use])
        counts = np.bincount(places, minlength=len(keys))
        sums = np.bincount(places, log_amount(rows.amount)[use], minlength=len(keys))
        for key, count, total in zip(keys, counts.tolist(), sums.tolist(), strict=True):
            held = self._sums.get(key)
            if held is not None:
                held[0] += count
                held[1] += total
            elif len(self._sums) < PAIRS_MAX:
                self._sums[key] = [count, total]

    def finish(self) -> None:
        if not self._sums:
            return
        group = np.array([group for group, _ in self._sums], np.int64)
        mean = np.array([total / count for count, total in self._sums.values()])
        self._peers.add(group, mean)  # every account of a group counts alike, however many rows it has

    def detect(self, rows: Rows) -> Found:
        group = group_of(rows, self._config.peers)
        accounts, mean, deviation = self._peers.of(group)
        judged = (accounts >= self._config.accounts_min) & (deviation > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            z = np.where(judged, (log_amount(rows.amount) - mean) / deviation, np.nan)
        usual = np.sign(mean) * np.expm1(np.abs(mean))
        return Found(np.abs(z), {"z": z, "mean": usual, "accounts": accounts})

    def reason(self, evidence: Mapping[str, float]) -> str:
        side = "above" if evidence["z"] > 0 else "below"
        return (
            f"{abs(evidence['z']):.1f} deviations {side} what the {evidence['accounts']:.0f} accounts of the same"
            f" {self._config.peers} usually pay, {evidence['mean']:,.2f}"
        )
