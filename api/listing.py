"""Pages that are built from stored rows: a row that cannot be shown is shown as such, and breaks no list."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar

import structlog
from pydantic import Field

from api.problems import CONFLICT, Problem
from api.schemas import Answer
from storage.rows import Unreadable

log = structlog.get_logger()

Row = TypeVar("Row")
Shown = TypeVar("Shown")


class UnreadableOut(Answer):
    """A stored row that cannot be shown: its id. What is wrong with it stands in the gateway's log."""

    id: str


class Listed(Answer):
    """Base of all pages."""

    unreadable: Annotated[
        list[UnreadableOut], Field(description="Rows of this page that are stored and cannot be shown; normally none")
    ] = []  # noqa: RUF012 - pydantic copies it


def listed(rows: Iterable[Row], show: Callable[[Row], Shown], id_name: str) -> dict[str, Any]:
    """The members `items` and `unreadable` of a page. `id_name`: the attribute of a row that names it."""
    items: list[Shown] = []
    unreadable: list[UnreadableOut] = []
    for row in rows:
        try:
            if isinstance(row, Unreadable):
                raise ValueError(row.why)  # noqa: TRY301, TRY004 - one way out for both
            items.append(show(row))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one row, the others are shown
            name = str(getattr(row, id_name, "?"))
            log.warning("row_not_shown", id=name, reason=str(error))
            unreadable.append(UnreadableOut(id=name))
    return {"items": items, "unreadable": unreadable}


def shown(row: Row, show: Callable[[Row], Shown]) -> Shown:
    """One row by itself. Raises a 409 problem where it cannot be shown."""
    try:
        return show(row)
    except (ValueError, OverflowError) as error:
        log.exception("row_not_shown")
        raise Problem(
            CONFLICT, "it is stored, and cannot be shown: it holds a value that no answer can hold"
        ) from error
