"""Keys of lists that are ordered by when something was made."""

from datetime import UTC, datetime
from uuid import UUID

from api.cases.paging import bad_cursor
from api.cursors import PageCursor

Made = tuple[datetime, UUID]


def made_key(made_at: datetime, made_id: UUID) -> list[int | float | str | None]:
    """As a cursor holds it."""
    return [made_at.isoformat(), str(made_id)]


def made_of(page: PageCursor) -> Made:
    """Raises a 400 problem."""
    match page.key:
        case [str(at), str(number)]:
            try:
                moment = datetime.fromisoformat(at)
                if moment.tzinfo is not None:
                    return moment.astimezone(UTC), UUID(number)
            except (ValueError, OverflowError):  # the ends of the calendar, seen from elsewhere, lie outside it
                pass
    raise bad_cursor("it is damaged; use `next_cursor` as it came")
