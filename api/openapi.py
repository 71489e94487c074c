"""The OpenAPI document: FastAPI's, with what holds for every operation said at every operation."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api.examples import add_examples
from api.idempotency import METHODS, accepts_key
from api.problems import BY_STATUS, INVALID_REQUEST, MEDIA_TYPE, TYPE_PREFIX
from api.schemas import ProblemOut
from api.version import VERSION

DESCRIPTION = """
Scores payments for fraud while they happen. Send an API key in `X-API-Key`, or an API key or an access token as
`Authorization: Bearer`.

The live feed is a WebSocket at `/v1/alerts/stream`; its messages are in AsyncAPI (`docs/asyncapi.yaml`).
Every error is a problem document (RFC 9457) with a stable `type` and the request's id.
"""
SERVERS: Final[list[dict[str, Any]]] = [{"url": "/", "description": "The gateway that this document comes from"}]
CONTACT: Final[dict[str, Any]] = {"name": "Riskstream"}
LICENSE: Final[dict[str, Any]] = {"name": "MIT", "identifier": "MIT"}
IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Your own name for this change: a repeat with it gets the first answer, for 24 h",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
    "example": "0b6f2a0e-5d0f-4a53-9a3c-1f6f7a3b1c2d",
}
SHARED = frozenset({429, 503})  # any operation may meet its limits, or a store that is away
GUARDED = frozenset({401, 403})  # any operation that wants credentials
WITH_PARAMETERS = frozenset({414, 422, 431})
WITH_BODY = frozenset({400, 408, 413, 422})
TAGS: Final = {
    "score": "Score transactions and read decisions",
    "decisions": "What was decided, and why",
    "transactions": "What was received",
    "uploads": "Files to analyse",
    "analysis": "Detection strategies over uploads and stored periods",
    "jobs": "Long work: what waits, what runs",
    "alerts": "What needs an analyst's eye",
    "cases": "Alerts that belong together",
    "investigations": "All that is known around an alert, and the analyst's verdict",
    "feedback": "Labels: what turned out to be fraud",
    "dashboard": "Figures of this moment",
    "analytics": "Figures of the past",
    "feed": "Tickets for the live feed",
    "stream": "Health of the stream",
    "auth": "Accounts, signing in and out, tokens",
    "accounts": "What is stored about one account: export and erasure",
    "users": "Users of a client and their roles",
    "api-keys": "Keys for systems that call",
    "subscription": "Limits and quota",
    "policy": "Thresholds and degraded mode",
    "strategies": "Which detectors judge a file or a stored period, and how",
    "audit": "Who changed what",
    "session": "The console's session",
    "health": "For orchestrators; open to anybody",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route passes as `responses`: the problems of its own, such as 404 or 409.

    What any operation can answer (401, 403, 429, 503 and what its parameters and its body can be) is added by the
    document itself.
    """
    return {status: _problem(status) for status in statuses}


def operation_id(route: APIRoute) -> str:
    """The handler's name: what a generated client calls the operation."""
    return route.name


def install(app: FastAPI) -> None:
    """Make `app.openapi` give our document, built when it is first asked for."""
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=VERSION, description=DESCRIPTION, routes=app.routes,
            servers=SERVERS, contact=CONTACT, license_info=LICENSE,
        )  # fmt: skip
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas["Problem"] = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schemas["Problem"].pop("$defs")
        add_examples(schemas)
        document["components"]["parameters"] = {"IdempotencyKey": IDEMPOTENCY_KEY}
        used: dict[str, None] = {}
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                used |= dict.fromkeys(operation.get("tags", ()))
                if operation.get("security") and accepts_key(method.upper(), path):
                    _accept_key(operation)
                _complete(method, operation)
        document["tags"] = [{"name": name, "description": TAGS.get(name, name)} for name in sorted(used)]
        app.openapi_schema = document
    return app.openapi_schema


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Say who may call it, and every problem that it can answer with."""
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]  # FastAPI's own shape
    statuses = set(SHARED)
    security = operation.setdefault("security", [])  # none: said to be open, not left unsaid
    if security and {} not in security:
        statuses |= GUARDED
    if method.upper() in METHODS:
        statuses.add(422)  # for a parameter that it does not know
    if operation.get("parameters"):
        statuses |= WITH_PARAMETERS
    if any(each.get("name") == "cursor" for each in operation.get("parameters", ())):
        statuses.add(400)
    if "requestBody" in operation:
        statuses |= WITH_BODY
    for status in sorted(statuses):
        responses.setdefault(str(status), _problem(status))


def _accept_key(operation: dict[str, Any]) -> None:
    operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/IdempotencyKey"})
    operation["responses"].setdefault("409", _problem(409))


def _problem(status: int) -> dict[str, Any]:
    kind = BY_STATUS[status]
    example = {
        "type": TYPE_PREFIX + kind.slug,
        "title": kind.title,
        "status": status,
        "detail": "what it was in this very request",
        "request_id": "0f6c2d0d0c5b4e0f9a3c1f6f7a3b1c2d",
    }
    if status == INVALID_REQUEST.status:
        example["errors"] = [{"where": "body.amount", "why": "Input should be greater than 0"}]
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
    return {"description": kind.title, "content": content}
