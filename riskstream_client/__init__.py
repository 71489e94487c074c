"""The client to import: `from riskstream_client import Publisher, Transaction`."""

from contracts.errors import StoreUnavailable
from contracts.label import Label
from contracts.transaction import Transaction
from riskstream_client.publisher import MessageTooLarge, Publisher

__all__ = ["Label", "MessageTooLarge", "Publisher", "StoreUnavailable", "Transaction"]
