"""Whether two messages mean the same: what tells a repeat from another payment under the same id."""

import msgspec

from contracts.transaction import Transaction, decode_transaction

_NOT_MEANT = frozenset(Transaction.__struct_fields__) | {"dry_run"}  # compared as values; a way to ask, not a payment


def is_same(body: bytes, stored: bytes) -> bool:
    """Whether `body` repeats the `stored` message: the same values (10 is 10.0, and a moment is a moment in any zone)
    and the same further fields, whatever their order. The client is not compared: the id is that client's own.
    """
    if body == stored:
        return True
    first, second = decode_transaction(body), decode_transaction(stored)
    if not isinstance(first, Transaction) or not isinstance(second, Transaction):
        return False
    return msgspec.structs.replace(first, client_id=second.client_id) == second and _rest(body) == _rest(stored)


def _rest(body: bytes) -> dict[str, object]:
    """The fields that are none of ours. If one holds what cannot be read (1e999, no UTF-8), the body means itself."""
    try:
        fields = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {"": body}
    return {name: value for name, value in fields.items() if name not in _NOT_MEANT}
