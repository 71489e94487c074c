"""What people pay for: one row a category, with how often, how much and how."""

from typing import NamedTuple

import numpy as np

from training.simulator.chance import Floats, Ints
from training.simulator.places import CARD, MOBILE

IN_PERSON, ONLINE, CASH, TRANSFER, PAY_NUMBER = range(5)  # how; PAY_NUMBER is a pay-bill or till number
ROUND_STYLES = (CASH, TRANSFER)


class Category(NamedTuple):
    """`share` is of its flavour's payments; `median_eur` and `sigma` describe the log-normal amount."""

    name: str
    flavour: int
    share: float
    median_eur: float
    sigma: float
    how: int
    channels: tuple[str, str]


CATEGORIES = (
    Category("grocery", CARD, 0.23, 26, 0.6, IN_PERSON, ("pos", "contactless")),
    Category("restaurant", CARD, 0.14, 24, 0.5, IN_PERSON, ("pos", "contactless")),
    Category("coffee", CARD, 0.10, 4.6, 0.35, IN_PERSON, ("contactless", "contactless")),
    Category("fuel", CARD, 0.06, 52, 0.35, IN_PERSON, ("pos", "pos")),
    Category("transport", CARD, 0.08, 6, 0.6, IN_PERSON, ("contactless", "contactless")),
    Category("pharmacy", CARD, 0.04, 16, 0.6, IN_PERSON, ("pos", "contactless")),
    Category("fashion", CARD, 0.05, 55, 0.7, IN_PERSON, ("pos", "pos")),
    Category("electronics", CARD, 0.02, 170, 0.8, IN_PERSON, ("pos", "pos")),
    Category("cash_machine", CARD, 0.04, 80, 0.6, CASH, ("atm", "atm")),
    Category("online_retail", CARD, 0.13, 42, 0.8, ONLINE, ("ecommerce", "ecommerce")),
    Category("digital_goods", CARD, 0.06, 11, 0.7, ONLINE, ("ecommerce", "ecommerce")),
    Category("subscription", CARD, 0.03, 11, 0.3, ONLINE, ("ecommerce", "ecommerce")),
    Category("travel", CARD, 0.02, 230, 0.7, ONLINE, ("ecommerce", "ecommerce")),
    Category("transfer", MOBILE, 0.40, 7, 1.0, TRANSFER, ("app", "ussd")),
    Category("shop_till", MOBILE, 0.22, 3.5, 0.8, PAY_NUMBER, ("app", "ussd")),
    Category("airtime", MOBILE, 0.12, 0.8, 0.6, PAY_NUMBER, ("app", "ussd")),
    Category("utility", MOBILE, 0.07, 12, 0.6, PAY_NUMBER, ("app", "ussd")),
    Category("school_fees", MOBILE, 0.01, 110, 0.6, PAY_NUMBER, ("app", "ussd")),
    Category("minibus", MOBILE, 0.05, 0.7, 0.5, PAY_NUMBER, ("app", "ussd")),
    Category("agent", MOBILE, 0.13, 18, 0.9, CASH, ("agent", "agent")),
)
NUMBER_OF = {category.name: number for number, category in enumerate(CATEGORIES)}

MEDIAN_EUR = np.array([category.median_eur for category in CATEGORIES], float)
SIGMA = np.array([category.sigma for category in CATEGORIES])
HOW = np.array([category.how for category in CATEGORIES])
IS_NATIONAL = np.isin(HOW, [ONLINE]) | np.isin(np.arange(len(CATEGORIES)), [NUMBER_OF["airtime"], NUMBER_OF["utility"]])


def _choices(flavour: int) -> tuple[Ints, Floats]:
    numbers = [number for number, category in enumerate(CATEGORIES) if category.flavour == flavour]
    shares = np.array([CATEGORIES[number].share for number in numbers])
    return np.array(numbers), np.cumsum(shares / shares.sum())


_CHOICES = (_choices(CARD), _choices(MOBILE))


def chosen(flavour: Ints, unit: Floats) -> Ints:
    """The category number for a uniform number each."""
    (card, card_edges), (mobile, mobile_edges) = _CHOICES
    of_card = card[np.minimum(np.searchsorted(card_edges, unit, side="right"), len(card) - 1)]
    of_mobile = mobile[np.minimum(np.searchsorted(mobile_edges, unit, side="right"), len(mobile) - 1)]
    return np.where(flavour == CARD, of_card, of_mobile)
