"""What a dry run tells beside the decision: what of the transaction would be kept and never looked at."""

import msgspec

from api.scoring.request import Usable
from contracts.field_names import unknown_field
from contracts.transaction import Transaction
from features.gazetteer import find_place

NOTES_MAX = 20
_KNOWN = (*Transaction.__struct_fields__, "dry_run")
_names = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode  # a value that nothing looks at may be any


def notes_of(item: Usable) -> tuple[str, ...]:
    """One sentence for each unknown field, with the field that was probably meant, and for an unknown place."""
    notes = [unknown_field(name, _KNOWN) for name in _names(item.body) if name not in _KNOWN]
    place, country = item.transaction.location, item.transaction.country
    if place and item.transaction.latitude is None and find_place(place, country) is None:
        notes.append(f"the place {place!r} is not known: the payment counts as one without a location")
    return tuple(notes[:NOTES_MAX])
