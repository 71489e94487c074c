"""Roles of a client's users, and the scopes that each gives."""

from typing import Literal

from api.keys import SCOPE_CASES, SCOPE_READ, SCOPES_ALL

Role = Literal["admin", "analyst", "viewer"]

SCOPES_OF_ROLE: dict[str, frozenset[str]] = {
    "viewer": frozenset({SCOPE_READ}),
    "analyst": frozenset({SCOPE_READ, SCOPE_CASES}),
    "admin": frozenset(SCOPES_ALL),
}
CONSOLE_SCOPES = SCOPES_OF_ROLE["analyst"]  # of a browser that a link or an API key signed in: it belongs to no user
