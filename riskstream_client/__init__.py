"""The client to import: `Publisher` for Kafka, `Client` for the gateway's calls and its live feed.

Each name is imported when it is first used: who publishes loads no HTTP client, who calls loads no Kafka client.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contracts.case import AlertStatus, Verdict
    from contracts.decision import Recommendation, RiskLevel
    from contracts.errors import StoreUnavailable
    from contracts.label import Label
    from contracts.transaction import Transaction
    from riskstream_client.answers import CaseDecision, FeedAlert, FeedGap, Score, WorkedAlert
    from riskstream_client.client import Client
    from riskstream_client.errors import AnswerUnreadable, FeedRefused, ProblemError
    from riskstream_client.feed import Feed, FeedFilter
    from riskstream_client.publisher import MessageTooLargeError, Publisher

__all__ = [
    "AlertStatus", "AnswerUnreadable", "CaseDecision", "Client", "Feed", "FeedAlert", "FeedFilter", "FeedGap",
    "FeedRefused", "Label", "MessageTooLargeError", "ProblemError", "Publisher", "Recommendation", "RiskLevel",
    "Score", "StoreUnavailable", "Transaction", "Verdict", "WorkedAlert",
]  # fmt: skip

_MODULES = {  # module -> the names that come from it
    "contracts.case": ("AlertStatus", "Verdict"),
    "contracts.decision": ("Recommendation", "RiskLevel"),
    "contracts.errors": ("StoreUnavailable",),
    "contracts.label": ("Label",),
    "contracts.transaction": ("Transaction",),
    "riskstream_client.answers": ("CaseDecision", "FeedAlert", "FeedGap", "Score", "WorkedAlert"),
    "riskstream_client.client": ("Client",),
    "riskstream_client.errors": ("AnswerUnreadable", "FeedRefused", "ProblemError"),
    "riskstream_client.feed": ("Feed", "FeedFilter"),
    "riskstream_client.publisher": ("MessageTooLargeError", "Publisher"),
}
_ORIGIN = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _ORIGIN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_ORIGIN[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
