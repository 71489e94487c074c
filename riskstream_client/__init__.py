"""The client to import: `from riskstream_client import Publisher, Transaction`."""

from contracts.errors import StoreUnavailable
from contracts.label import Label
from contracts.transaction import Transaction
from riskstream_client.publisher import MessageTooLargeError, Publisher

__all__ = ["Label", "MessageTooLargeError", "Publisher", "StoreUnavailable", "Transaction"]
