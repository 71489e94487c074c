"""Who exists: every account's profile as a function of its number, elementwise over arrays of account numbers.

Accounts live in neighbourhoods of 64. Everything that people of one neighbourhood share (shops, the carrier's
addresses) belongs to it, so a larger world has more neighbourhoods and not busier ones: a model trained on a
small world meets the same frequencies behind a large stream.

IP addresses come from reserved ranges (RFC 1918, 6598 and 2544), so that none is a real person's.
"""

import numpy as np

from training.simulator.chance import Bits, Chance, Floats, Ints, combined
from training.simulator.places import CURRENCY, FLAVOUR, HOMES

NEIGHBOURHOOD = 64  # accounts
HOUSEHOLD = 3  # accounts that share a home address
DAY_MS = 86_400_000
_NUMBERS = 100_000_000  # 8 digits of a telephone or account number
ACCOUNTS_MAX = _NUMBERS  # beyond it numbers would repeat
_SCRAMBLE = 48_271_933  # coprime to 10: multiplication permutes the 8-digit numbers
_DIALLING = {"KE": "+2547", "UG": "+2567", "TZ": "+2557"}

# Activity within a neighbourhood: the first is a small business with a fifth of all payments, half are quiet.
_RANK_WEIGHT = 1.0 / np.arange(1, NEIGHBOURHOOD + 1)
_RANK_EDGES = np.cumsum(_RANK_WEIGHT) / _RANK_WEIGHT.sum()

HOME_NET, CARRIER_NET, FOREIGN_NET = 0x0A000000, 0x64400000, 0xC6120000  # 10/8, 100.64/10, 198.18/15


class Population:
    """Profiles of the accounts of one seed. `account` arguments are int64 arrays, `at_ms` event times."""

    def __init__(self, seed: int) -> None:
        self.chance = Chance(seed, "population")
        self._offset = int(self.chance.whole("number", np.zeros(1, np.int64), _NUMBERS)[0])

    def neighbourhood(self, account: Ints) -> Ints:
        return account // NEIGHBOURHOOD

    def home(self, account: Ints) -> Ints:
        """The home city's number."""
        return account // NEIGHBOURHOOD % HOMES

    def flavour(self, account: Ints) -> Ints:
        return np.asarray(FLAVOUR[self.home(account)])

    def currency(self, account: Ints) -> Ints:
        return np.asarray(CURRENCY[self.home(account)])

    def income(self, account: Ints) -> Floats:
        """How much more than the median this account spends a payment; small businesses pay larger sums."""
        spread = np.exp(0.45 * self.chance.normal("income", account))
        return np.asarray(spread * np.where(account % NEIGHBOURHOOD == 0, 1.6, 1.0))

    def household(self, account: Ints) -> Ints:
        return account // NEIGHBOURHOOD * NEIGHBOURHOOD + account % NEIGHBOURHOOD // HOUSEHOLD

    def chosen(self, unit_place: Floats, unit_rank: Floats, accounts: int) -> Ints:
        """An account for two uniform numbers each, by activity. Numbers of `accounts` and above do not exist."""
        places = -(-accounts // NEIGHBOURHOOD)
        rank = np.minimum(np.searchsorted(_RANK_EDGES, unit_rank, side="right"), NEIGHBOURHOOD - 1)
        return (unit_place * places).astype(np.int64) * NEIGHBOURHOOD + rank

    def existing_share(self, accounts: int) -> float:
        """Share of what `chosen` gives that exists: the last neighbourhood may not be full."""
        places, rest = -(-accounts // NEIGHBOURHOOD), accounts % NEIGHBOURHOOD
        return 1.0 if rest == 0 else float((places - 1 + _RANK_EDGES[rest - 1]) / places)

    def device(self, account: Ints, at_ms: Ints) -> Bits:
        """The device in use: everybody gets a new one every 8 to 40 months; some homes share one."""
        shares = self.chance.unit("shared device", self.household(account)) < 0.06
        owner = np.where(shares, -1 - self.household(account), account)
        period_days = 240 + 960 * self.chance.unit("device period", owner)
        generation = np.floor(at_ms / DAY_MS / period_days + self.chance.unit("device phase", owner)).astype(np.int64)
        return self.chance.bits("device", combined(owner, generation)) >> np.uint64(16)

    def tablet(self, account: Ints) -> Bits:
        """The household's second device."""
        return self.chance.bits("tablet", self.household(account)) >> np.uint64(16)

    def home_ip(self, account: Ints) -> Ints:
        return HOME_NET + self.chance.whole("home", self.household(account), 1 << 24)

    def carrier_ip(self, neighbourhood: Ints, account: Ints, at_ms: Ints) -> Ints:
        """One of a few addresses behind which a carrier puts a neighbourhood's phones; it changes every day."""
        pool = self.chance.whole("pool", combined(account, at_ms // DAY_MS), 3)
        return CARRIER_NET + self.chance.whole("carrier", combined(neighbourhood, pool), 1 << 22)

    def numbers(self, account: Ints) -> list[int]:
        """The accounts' 8 digits; different for every account of one seed."""
        digits: list[int] = ((account * _SCRAMBLE + self._offset) % _NUMBERS).tolist()
        return digits

    @staticmethod
    def account_id(number: int) -> str:
        return f"acc-{number:08d}"

    @staticmethod
    def phone_number(number: int, country: str) -> str:
        return f"{_DIALLING[country]}{number:08d}"
