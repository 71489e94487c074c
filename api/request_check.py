"""What every request has to pass before its route: text that can be stored, and no parameter that would be ignored.

One mechanism for all routes: a dependency of the application, which the scoring's fast path calls by itself.
"""

import difflib
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from api.idempotency import METHODS
from api.problems import ERRORS_MAX, INVALID_REQUEST, Problem

# Postgres text cannot hold NUL, UTF-8 cannot hold half of a surrogate pair; JSON can spell both.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
INTEGER_MAX = 2**63 - 1  # of a whole number that no type bounds
WHERE_LENGTH_MAX = 200

Place = tuple[str, ...]


async def check_request(connection: HTTPConnection) -> None:
    """Raises a 422 problem that names every fault, with its place."""
    found = [*_of_address(connection)]
    if isinstance(connection, Request):
        route = connection.scope.get("route")
        if isinstance(route, APIRoute):
            found += _unknown_parameters(connection, route)
            if route.body_field is not None and _is_json(connection):
                found += _of_json(await _json(connection))
    if found:
        raise problem(found)


def problem(found: Iterable[tuple[str, str]]) -> Problem:
    """One 422 problem for (where, why)."""
    listed = [{"where": where, "why": why} for where, why in list(found)[:ERRORS_MAX]]
    return Problem(INVALID_REQUEST, f"{listed[0]['where']}: {listed[0]['why']}", errors=listed)


def _of_address(connection: HTTPConnection) -> Iterator[tuple[str, str]]:
    for name, value in connection.path_params.items():
        if UNSTORABLE.search(str(value)):
            yield f"path.{name}", _WHY
    for name, value in connection.query_params.multi_items():
        if UNSTORABLE.search(name) or UNSTORABLE.search(value):
            yield f"query.{_shown(name)}", _WHY


_WHY = "the text holds a NUL character or half of a surrogate pair, which cannot be stored"


def _unknown_parameters(request: Request, route: APIRoute) -> Iterator[tuple[str, str]]:
    """On an operation that changes something: what would be ignored there was meant to be heeded."""
    if request.method not in METHODS or not request.query_params:
        return
    known = _query_names(route)
    for name in dict.fromkeys(request.query_params):
        if name in known:
            continue
        if name in _body_names(route):
            yield f"query.{name}", f"there is no such parameter; did you mean the body's field `{name}`?"
            continue
        close = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean `{close[0]}`?" if close else ""
        yield f"query.{_shown(name)}", f"there is no such parameter{hint}"


def _query_names(route: APIRoute) -> set[str]:
    names: set[str] = set()
    waiting = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        waiting += dependant.dependencies
        for field in dependant.query_params:
            model = getattr(field.field_info.annotation, "model_fields", None)  # of a model of parameters
            names |= {field.alias} if model is None else {each.alias or name for name, each in model.items()}
    return names


def _body_names(route: APIRoute) -> set[str]:
    model = getattr(route.body_field.field_info.annotation, "model_fields", {}) if route.body_field else {}
    names = {each.alias or name for name, each in model.items()}
    content = (route.openapi_extra or {}).get("requestBody", {}).get("content", {})
    return names.union(*(each["schema"].get("properties", ()) for each in content.values()))


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


async def _json(request: Request) -> Any:
    """What the framework reads, too, and keeps; None where it is no JSON, which the framework tells."""
    if not await request.body():
        return None
    try:
        return await request.json()
    except (ValueError, RecursionError):
        return None


def _of_json(document: Any) -> Iterator[tuple[str, str]]:
    """Every text and number that could not be stored, names of members included. Not recursive: callers nest deeply."""
    waiting: list[tuple[Place, Any]] = [(("body",), document)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, list):
            waiting += [((*place, str(i)), each) for i, each in enumerate(value)]
        elif isinstance(value, dict):
            yield from ((_where((*place, name)), _WHY) for name in value if UNSTORABLE.search(name))
            waiting += [((*place, name), each) for name, each in value.items()]
        elif why := _why_not(value):
            yield _where(place), why


def _why_not(value: Any) -> str | None:
    if isinstance(value, str):
        return _WHY if UNSTORABLE.search(value) else None
    if isinstance(value, float):
        return (
            None
            if math.isfinite(value)
            else "this is not JSON: it has no NaN, no Infinity and no number beyond 1.8e308"
        )
    if isinstance(value, int):
        return None if -INTEGER_MAX <= value <= INTEGER_MAX else "the number is too large"
    return None


def _where(place: Place) -> str:
    return _shown(".".join(place))


def _shown(text: str) -> str:
    """A name as an answer can hold it."""
    return UNSTORABLE.sub("\ufffd", text)[:WHERE_LENGTH_MAX]
