"""The answer to a scoring call that is not let pass, made once: under overload it has to cost next to nothing."""

from uuid import uuid4

from api.edge import HEADERS
from api.problems import BUSY, document
from api.scoring.admission import OVERLOADED, RETRY_AFTER_S

_PLACE = b"0" * 32  # of the request's id


def refusal(*, stays: bool) -> bytes:
    """Return the whole HTTP answer with a request id of its own; `stays`: the connection stays open."""
    return (_KEPT if stays else _CLOSED).replace(_PLACE, uuid4().hex.encode())


def _template(**more: str) -> bytes:
    headers = HEADERS | {"Retry-After": str(RETRY_AFTER_S), "X-Request-ID": _PLACE.decode()} | more
    answer = document(BUSY, OVERLOADED, _PLACE.decode(), headers)
    head = [b"HTTP/1.1 503 Service Unavailable", *(name + b": " + value for name, value in answer.raw_headers)]
    return b"\r\n".join([*head, b"", bytes(answer.body)])


_KEPT = _template()
_CLOSED = _template(Connection="close")
