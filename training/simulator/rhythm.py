"""When people pay: hour of the day, day of the week, pay day."""

import numpy as np

from training.simulator.chance import Floats, Ints
from training.simulator.places import CARD, UTC_OFFSET_MS
from training.simulator.population import DAY_MS, Population

_HOUR_MS = 3_600_000
# Relative activity by local hour; the mean of each row is 1.
_HOURS_CARD = np.array([2, 1, 1, 1, 1, 2, 6, 14, 20, 20, 21, 25, 34, 31, 26, 27, 32, 40, 38, 30, 22, 15, 9, 4], float)
_HOURS_MOBILE = np.array(
    [2, 1, 1, 1, 2, 6, 16, 26, 30, 30, 29, 28, 30, 29, 27, 27, 30, 36, 40, 38, 30, 20, 11, 5], float
)
_HOURS = np.stack([_HOURS_CARD / _HOURS_CARD.mean(), _HOURS_MOBILE / _HOURS_MOBILE.mean()])
_WEEK = np.array([0.92, 0.92, 0.95, 1.0, 1.18, 1.22, 0.81])  # Monday first
_NIGHT_WORKERS = 0.04  # share of the accounts that live twelve hours later
_PAY_DAY_FACTOR = 1.35
_PAY_DAY_MEAN = 1 + (_PAY_DAY_FACTOR - 1) * 6.1 / 30.4  # about six of a month's days
PEAK = float(_HOURS.max() * _WEEK.max() * _PAY_DAY_FACTOR / _PAY_DAY_MEAN)


def activity(population: Population, account: Ints, at_ms: Ints) -> Floats:
    """How active each account is at its event time, relative to its own mean; at most `PEAK`."""
    home = population.home(account)
    shift_h = 3.0 * population.chance.unit("early bird", account) - 1.5
    shift_h = shift_h + 12.0 * (population.chance.unit("night worker", account) < _NIGHT_WORKERS)
    local_ms = at_ms + UTC_OFFSET_MS[home]
    day = local_ms // DAY_MS
    hour = (local_ms % DAY_MS / _HOUR_MS - shift_h) % 24.0
    below = hour.astype(np.int64) % 24
    rest = hour - np.floor(hour)
    flavour = np.where(population.flavour(account) == CARD, 0, 1)
    curve = _HOURS[flavour, below] * (1 - rest) + _HOURS[flavour, (below + 1) % 24] * rest
    month = np.where(is_pay_day(local_ms), _PAY_DAY_FACTOR, 1.0) / _PAY_DAY_MEAN
    return np.asarray(curve * _WEEK[(day + 3) % 7] * month)


def is_pay_day(local_ms: Ints) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    """From the 27th to the 2nd wages arrive, and rent and school fees go out."""
    day_of_month = (local_ms // DAY_MS).astype("datetime64[D]")
    number = (day_of_month - day_of_month.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1
    return np.asarray((number >= 27) | (number <= 2))
