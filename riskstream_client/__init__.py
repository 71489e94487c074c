"""The client to import: `Publisher` for Kafka, `Client` for the gateway's calls and its live feed."""

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
