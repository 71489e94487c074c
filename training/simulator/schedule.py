"""When which script is played: a budget of payments for each, filled by honest traffic and spent by playing."""

from collections.abc import Iterable
from heapq import heappop, heappush
from random import Random

from training.simulator.cast import Cast
from training.simulator.fraud import TYPOLOGIES
from training.simulator.oddities import ODDITIES
from training.simulator.population import Population
from training.simulator.scene import Draft, Scene, Script

ODD_SHARE = 0.015  # of all transactions: honest ones that look like fraud
# Share of the fraudulent transactions, in the order of TYPOLOGIES.
_FRAUD_SHARES = (0.20, 0.19, 0.13, 0.13, 0.11, 0.13, 0.11)
_ODD_SHARES = (0.3, 0.3, 0.25, 0.15)
_BOLD_SHARE = 0.72  # of the fraudsters; the rest tries to look ordinary
_LEAD_SCRIPTS_MAX = 40  # scripts under way when a run begins; more would delay a fast stream's start
_OPENING = {"card_testing": 3_000, "sim_swap": 6_000}  # in a stream: ms after its start, so that a newcomer sees one


class Schedule:
    """Plays scripts and hands out their drafts in time order."""

    def __init__(self, population: Population, accounts: int, fraud_share: float, random: Random) -> None:
        self._population = population
        self._accounts = accounts
        self._random = random
        self._fraud_share = fraud_share
        self._shares: dict[str, float] = {}
        self._scripts: tuple[Script, ...] = (*TYPOLOGIES, *ODDITIES)
        for scripts, shares, total in (
            (TYPOLOGIES, _FRAUD_SHARES, fraud_share),
            (ODDITIES, _ODD_SHARES, ODD_SHARE),
        ):
            self._shares |= {script.typology: total * share for script, share in zip(scripts, shares, strict=True)}
        self._budget = {script.typology: -random.random() * script.size for script in self._scripts}
        self._fraudulent = {script.typology for script in TYPOLOGIES}
        self._waiting: list[tuple[int, int, Draft]] = []
        self._order = 0

    @property
    def honest_share(self) -> float:
        """Share of all transactions that the habits make, the rest comes from here."""
        return 1.0 - self._fraud_share - ODD_SHARE

    def open(self, start_ms: int) -> None:
        """Begin a stream with two frauds that anybody can see, on top of those that its traffic pays for."""
        untouched = dict(self._budget)
        for script in self._scripts:
            if script.typology in _OPENING and self._fraud_share:
                self._play(script, start_ms + _OPENING[script.typology], bold=True)
        self._budget = untouched

    def lead_in(self, start_ms: int, transactions_per_day: float) -> None:
        """Play what began before `start_ms`, keeping what happens after it."""
        untouched = dict(self._budget)  # their victims paid for them before the run
        for script in self._scripts:
            expected = transactions_per_day * script.lead_ms / 86_400_000 * self._shares[script.typology] / script.size
            for _ in range(min(int(expected), _LEAD_SCRIPTS_MAX)):
                self._play(script, start_ms - int(self._random.random() * script.lead_ms), not_before_ms=start_ms)
        self._budget = untouched

    def fill(self, start_ms: int, end_ms: int, honest: int) -> None:
        """Account for `honest` transactions in [start, end) and play what that pays for."""
        for script in self._scripts:
            name = script.typology
            self._budget[name] += honest / self.honest_share * self._shares[name]
            while self._budget[name] > 0:
                self._play(script, self._random.randrange(start_ms, end_ms))

    def due(self, end_ms: int) -> Iterable[Draft]:
        """The drafts before `end_ms`, in time order; each is handed out once."""
        while self._waiting and self._waiting[0][0] < end_ms:
            yield heappop(self._waiting)[2]

    def _play(self, script: Script, start_ms: int, *, bold: bool | None = None, not_before_ms: int = 0) -> None:
        random = Random(self._random.getrandbits(64))
        bold = random.random() < _BOLD_SHARE if bold is None else bold
        fraudulent = script.typology in self._fraudulent
        cast = Cast(self._population, self._accounts, random, start_ms)
        scene = Scene(
            cast, random, start_ms, script.typology if fraudulent else None, bold=bold, not_before_ms=not_before_ms
        )
        script.play(scene)
        spent = sum(draft.fraud or not fraudulent for draft in scene.drafts)
        self._budget[script.typology] -= max(spent, 1)  # a world too small for a script must not play it for ever
        for draft in scene.drafts:
            self._order += 1
            heappush(self._waiting, (draft.at_ms, self._order, draft))
