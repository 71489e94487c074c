"""Moments in requests: RFC 3339 with an offset, and told in UTC, so that whatever is stored can be shown again."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from contracts import rfc3339


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339.in_utc(value)
    return rfc3339.parse(value if isinstance(value, str) else "")


# The one type of every moment that a request may hold (a test walks them all).
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
