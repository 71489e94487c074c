"""Pages of a list whose cursor holds the question, so that a page is followed by the next one of the same list."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.cursors import (
    PAGE_CURSOR_LENGTH_MAX,
    SEQUENCE_MAX,
    BadCursor,
    PageCursor,
    decode_page_cursor,
    encode_page_cursor,
)
from api.problems import INVALID_CURSOR, Problem

LIMIT_DEFAULT, LIMIT_MAX = 50, 200  # items a page; 200 alerts are about 300 kB
_PLACE = frozenset({"limit", "cursor"})  # which part of the list, not which list

Q = TypeVar("Q", bound="PageQuery")


class PageQuery(BaseModel):
    """Query parameters of a list."""

    model_config = ConfigDict(populate_by_name=True)

    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    cursor: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=PAGE_CURSOR_LENGTH_MAX,
            description="`next_cursor` of the page before. It holds the filters and the order: leave them out, or"
            " repeat them as they were.",
        ),
    ] = None

    @property
    def question(self) -> dict[str, Any]:
        """Filters and order, as a cursor keeps them."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=set(_PLACE))


def resumed(query: Q) -> tuple[Q, PageCursor | None]:
    """The question to answer, and where its last page ended; raises a 400 problem for a cursor that fits nowhere."""
    if query.cursor is None:
        return query, None
    try:
        page = decode_page_cursor(query.cursor)
        asked = type(query).model_validate({**page.question, "limit": query.limit})
    except (BadCursor, ValidationError) as error:
        raise bad_cursor("it is damaged; use `next_cursor` as it came") from error
    given = query.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=set(_PLACE))
    if any(asked.question.get(name) != value for name, value in given.items()):
        raise bad_cursor("it belongs to other filters or another order; start that list at its first page")
    return asked, page


def next_cursor(query: PageQuery, key: list[int | float | str | None]) -> str:
    """The cursor of the page behind the item with this key."""
    return encode_page_cursor(query.question, key)


def number_of(page: PageCursor, largest: int = SEQUENCE_MAX) -> int:
    """The key of a list that is ordered by one positive number, at most what its column holds. Raises a 400 problem."""
    match page.key:
        case [int(number)] if 0 < number <= largest:
            return number
    raise bad_cursor("it is damaged; use `next_cursor` as it came")


def bad_cursor(why: str) -> Problem:
    return Problem(INVALID_CURSOR, f"query.cursor: {why}")
