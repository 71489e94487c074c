"""Takes secrets, card numbers, phone numbers and email addresses out of what is logged or reported."""

import re
from collections.abc import Mapping
from typing import Any

from contracts.card_numbers import cleaned_text

HIDDEN = "[redacted]"
DEPTH_MAX = 8  # of nested values; what lies deeper is hidden as a whole
# Values under these names are hidden whatever they look like.
SECRET_NAMES = re.compile(
    r"pass(word|wd|phrase)|secret|token|ticket|authori[sz]ation|cookie|api[_-]?key|credential|\bdsn\b|database_url"
    r"|redis_url|phone|email|^account(_id)?$|^(card|pan|iban)(_number)?$|^body$|beneficiary",
    re.IGNORECASE,
)
# Ids and numbers of our own, which would look like somebody's.
PLAIN_NAMES = frozenset({"timestamp", "request_id", "level", "process", "route", "status", "ms"})

_SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), r"\1 " + HIDDEN),
    (re.compile(r"\brs[kr]_[\w-]+"), HIDDEN),  # our API keys and refresh tokens
    (re.compile(r"\beyJ[\w-]*\.[\w-]+\.[\w-]*"), HIDDEN),  # JSON Web Tokens
    (re.compile(r"(?i)\b([\w-]*(?:token|ticket|secret|password|api_key|key)=)[^&\s\"']+"), r"\1" + HIDDEN),
    (re.compile(r"(://[^:/@\s]*):[^@\s]+@"), r"\1:" + HIDDEN + "@"),  # passwords in addresses of servers
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), HIDDEN),
)
_INTERNATIONAL = re.compile(r"\+\d[\d ().-]{5,18}\d")
# 9 to 19 digits that stand alone, in groups or not: a card number, a phone number with or without its country.
_DIGITS = re.compile(r"(?<![\w.:+-])\d(?:[ -]?\d){8,18}(?![\w:-])")


def redact(text: str) -> str:
    """The text without what looks like a secret or like somebody's number."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    if any(character.isdigit() for character in text):
        text = cleaned_text(text, lambda _digits: HIDDEN)[0]
        text = _INTERNATIONAL.sub(HIDDEN, text)
        text = _DIGITS.sub(HIDDEN, text)
    return text


def redacted(value: Any, depth: int = 0) -> Any:
    """The same value with every text in it redacted, and what stands under a secret's name hidden."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, bytes):
        return HIDDEN
    if not isinstance(value, Mapping | list | tuple | set | frozenset):
        return value
    if depth >= DEPTH_MAX:
        return HIDDEN
    if isinstance(value, Mapping):
        return {name: _under(str(name), item, depth + 1) for name, item in value.items()}
    return [redacted(item, depth + 1) for item in value]


def _under(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if SECRET_NAMES.search(name):
        return HIDDEN
    return value if name in PLAIN_NAMES and not isinstance(value, Mapping) else redacted(value, depth)


def redact_event(_logger: object, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """A structlog processor; stands last before the renderer, so that it sees tracebacks too."""
    return {name: _under(name, value, 1) for name, value in event.items()}
