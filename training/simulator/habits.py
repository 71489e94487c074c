"""What honest people do: visits to shops, sites and agents, transfers, and what goes wrong on the way."""

from dataclasses import replace

import numpy as np

from training.simulator import amounts, rows, shops
from training.simulator.categories import CASH, HOW, IS_NATIONAL, ONLINE, TRANSFER, chosen
from training.simulator.chance import Bits, Chance, Floats, Ints, combined
from training.simulator.places import CARD, CURRENCY, UTC_OFFSET_MS
from training.simulator.population import FOREIGN_NET, Population
from training.simulator.rhythm import PEAK, activity, is_pay_day
from training.simulator.rows import NONE, Rows
from training.simulator.travel import Whereabouts, whereabouts

# How many payments one outing has, as the upper edges of a uniform number for 1, 2, 3 and 4.
_OUTING_EDGES = np.array([0.76, 0.92, 0.98, 1.0])
_OUTING_MEAN = 1.34
_GAP_MEAN_MS = 240_000
_GAP_MIN_MS, _GAP_MAX_MS = 20_000, 900_000
# Kind, share of the payments, and how many seconds later (a refund soon, so that a stream keeps little in mind).
_MISHAPS = (
    (rows.DECLINED, 0.025, 15, 90),  # too little money, a wrong PIN: tried again
    (rows.REVERSAL, 0.003, 60, 600),
    (rows.REFUND, 0.010, 1_200, 10_800),
)
EXTRA_ROWS_SHARE = sum(share for _, share, _, _ in _MISHAPS)
PAYMENTS_PER_OUTING = _OUTING_MEAN * (1 + EXTRA_ROWS_SHARE)
_SAMPLE = 4096  # accounts from which a steady stream learns how active people are at this hour
_MOBILE_APP_SHARE = 0.55  # the rest dials a USSD code, which shows no IP address
_NEW_FRIEND_SHARE = 0.10
_VPN_SHARE = 0.012
_AT_HOME_MS = 3 * 3_600_000  # nobody changes between home and street more often


class Habits:
    """Makes the honest part of one run. `serial` numbers are what distinguishes one outing from another."""

    def __init__(self, population: Population, accounts: int, *run: object) -> None:
        self.population = population
        self._accounts = accounts
        self._chance = Chance(0, "habits", *run)
        self._serial = 0

    def between(self, start_ms: int, end_ms: int, outings: float, *, steady: bool) -> Rows:
        """Outings that begin in [start, end), unsorted; their payments may reach beyond the end.

        `outings` is how many to expect; their number follows the rhythm of the day, unless `steady`.
        """
        ceiling = self._activity_now(start_ms) if steady else 1.0
        wanted = outings * PEAK / ceiling / self.population.existing_share(self._accounts)
        serial = self._next(int(wanted) + (self._coin(wanted) < wanted % 1.0))
        account = self.population.chosen(self._unit("place", serial), self._unit("rank", serial), self._accounts)
        at_ms = start_ms + (self._unit("time", serial) * (end_ms - start_ms)).astype(np.int64)
        goes = self._unit("goes", serial) * PEAK < activity(self.population, account, at_ms)
        goes &= account < self._accounts
        serial, account, at_ms = serial[goes], account[goes], at_ms[goes]
        here = whereabouts(self.population, account, at_ms)
        still = ~here.moving
        return self._payments(serial[still], account[still], at_ms[still], here.take(still))

    def _payments(self, outing: Ints, account: Ints, at_ms: Ints, here: Whereabouts) -> Rows:
        count = np.searchsorted(_OUTING_EDGES, self._unit("count", outing), side="right") + 1
        of = np.repeat(np.arange(len(outing)), count)
        nth = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
        serial = self._next(len(of))
        gap_ms = -np.log1p(-self._unit("gap", serial)) * _GAP_MEAN_MS
        gap_ms = np.clip(gap_ms, _GAP_MIN_MS, _GAP_MAX_MS).astype(np.int64) * (nth > 0)
        waited = np.cumsum(gap_ms)
        since_first = waited - np.repeat(waited[nth == 0], count)
        made = self._purchases(serial, account[of], at_ms[of] + since_first, here.take(of))
        return self._with_mishaps(made, serial)

    def _purchases(self, serial: Ints, account: Ints, at_ms: Ints, here: Whereabouts) -> Rows:
        people, flavour = self.population, self.population.flavour(account)
        category = chosen(flavour, self._unit("category", serial))
        how = HOW[category]
        shop = shops.visited(people, account, category, self._unit("loyal", serial), self._unit("shop", serial))
        market = shops.market(here.place, people.neighbourhood(account), category)
        north, east = shops.coordinates(people, market, category, shop)
        friend = shops.paid_person(
            people,
            account,
            self._unit("friend", serial),
            new=self._unit("new friend", serial) < _NEW_FRIEND_SHARE,
            by_chance=self._chance.bits("friend by chance", serial),
        )
        abroad = (flavour == CARD) & ~IS_NATIONAL[category]
        currency = np.where(abroad, CURRENCY[here.city], people.currency(account))
        channel = self._channel(flavour, account, serial)
        device, ip = self._equipment(serial, account, at_ms, here, how, channel)
        pay_day = is_pay_day(at_ms + UTC_OFFSET_MS[here.city])
        eur = amounts.euros(category, people.income(account), self._chance.normal("amount", serial))
        eur = eur * np.where(pay_day & (self._unit("rent", serial) < 0.15) & (how == TRANSFER), 9.0, 1.0)
        return Rows(
            at_ms=at_ms,
            account=account,
            category=category,
            market=market,
            shop=shop,
            beneficiary=np.where(how == TRANSFER, friend, NONE),
            amount=amounts.tidied(eur, category, currency, self._unit("tidy", serial)),
            currency=currency,
            city=here.city,
            north=north,
            east=east,
            where=self._where(flavour, how, serial),
            channel=channel,
            kind=np.zeros(len(serial), np.int64),
            device=device,
            ip=ip,
        )

    def _channel(self, flavour: Ints, account: Ints, serial: Ints) -> Ints:
        """0 or 1: a phone either has the app or has not; contactless is a matter of the moment."""
        has_no_app = self.population.chance.unit("app", account) >= _MOBILE_APP_SHARE
        return np.where(flavour == CARD, self._unit("channel", serial) >= 0.3, has_no_app).astype(np.int64)

    def _equipment(
        self, serial: Ints, account: Ints, at_ms: Ints, here: Whereabouts, how: Ints, channel: Ints
    ) -> tuple[Bits, Ints]:
        """Device and IP address: none at a till or cash machine; a phone shows itself, in the app its address too."""
        people, flavour = self.population, self.population.flavour(account)
        second = (how == ONLINE) & (self._unit("tablet", serial) < 0.15)
        device = np.where(second, people.tablet(account), people.device(account, at_ms))
        shown = (flavour != CARD) | (how == ONLINE)
        carrier = people.carrier_ip(here.place, account, at_ms)
        hours = combined(account, at_ms // _AT_HOME_MS)
        at_home = ~here.away & (people.chance.unit("at home", hours) < np.where(flavour == CARD, 0.75, 0.25))
        ip = np.where(at_home, people.home_ip(account), carrier)
        vpn = self._unit("vpn", serial)
        ip = np.where(vpn < _VPN_SHARE, FOREIGN_NET + (vpn / _VPN_SHARE * 64).astype(np.int64), ip)
        connected = np.where(flavour == CARD, how == ONLINE, (channel == 0) & (how != CASH))
        return np.where(shown, device, np.uint64(0)), np.where(connected, ip, 0)

    def _where(self, flavour: Ints, how: Ints, serial: Ints) -> Ints:
        unit = self._unit("where", serial)
        card = np.where(unit < 0.72, rows.COORDINATES, np.where(unit < 0.95, rows.NAME_AND_COUNTRY, rows.COUNTRY_ONLY))
        card = np.where(how == ONLINE, np.where(unit < 0.9, rows.COUNTRY_ONLY, rows.NOWHERE), card)
        mobile = np.where(unit < 0.55, rows.NAME_ONLY, np.where(unit < 0.92, rows.NAME_AND_COUNTRY, rows.NOWHERE))
        return np.where(flavour == CARD, card, mobile)

    def _with_mishaps(self, made: Rows, serial: Ints) -> Rows:
        """`made` with declined attempts before, and reversals and refunds after, some of the payments."""
        unit, wait = self._unit("mishap", serial), self._unit("mishap wait", serial)
        parts = [made]
        low = 0.0
        for kind, share, first_s, last_s in _MISHAPS:
            index = np.flatnonzero((unit >= low) & (unit < low + share))
            after_ms = (1000 * (first_s + (last_s - first_s) * wait[index])).astype(np.int64)
            low += share
            some = made.take(index)
            parts.append(replace(some, at_ms=some.at_ms + after_ms, kind=np.full(len(some), kind)))
            if kind == rows.DECLINED:  # the attempt stands at the planned time, the payment comes after it
                parts[-1] = replace(parts[-1], at_ms=some.at_ms)
                made.at_ms[index] += after_ms
        return Rows.joined(parts)

    def _activity_now(self, at_ms: int) -> float:
        """Mean activity at this time over a sample of the accounts."""
        serial = np.arange(_SAMPLE)
        chance = self.population.chance
        account = self.population.chosen(
            chance.unit("sample place", serial), chance.unit("sample rank", serial), self._accounts
        )
        return float(activity(self.population, account, np.full(_SAMPLE, at_ms)).mean())

    def _next(self, count: int) -> Ints:
        self._serial += count
        return np.arange(self._serial - count, self._serial)

    def _coin(self, wanted: float) -> float:
        return float(self._unit("coin", np.array([self._serial + int(wanted)]))[0])

    def _unit(self, name: str, serial: Ints) -> Floats:
        return self._chance.unit(name, serial)
