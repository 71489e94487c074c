"""The OpenAPI document: FastAPI's, with our problem documents in place of its own error shapes."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import MEDIA_TYPE
from api.schemas import ProblemOut
from api.version import VERSION

DESCRIPTION = """
Scores payments for fraud while they happen. Send an API key in `X-API-Key` or as `Authorization: Bearer`.

The live feed is a WebSocket at `/v1/alerts/stream`; its messages are in AsyncAPI (`docs/asyncapi.yaml`).
Every error is a problem document (RFC 9457).
"""
OPEN_PATHS = frozenset({"/v1/health", "/livez", "/readyz", "/sign-in", "/sign-out"})
OPEN_PROBLEMS = {"422": "The request is not valid", "503": "A part that this needs does not answer"}
GUARDED_PROBLEMS = {
    "401": "Credentials are missing or not valid",
    "403": "These credentials do not allow this",
    "404": "There is nothing here",
    "413": "The body is too large",
    **OPEN_PROBLEMS,
}


def install(app: FastAPI) -> None:
    """Make `app.openapi` give our document, built when it is first asked for."""
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=VERSION, description=DESCRIPTION, routes=app.routes)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas["Problem"] = ProblemOut.model_json_schema()
        for path, operations in document["paths"].items():
            for operation in operations.values():
                _describe_problems(path, operation)
        app.openapi_schema = document
    return app.openapi_schema


def _describe_problems(path: str, operation: dict[str, Any]) -> None:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    problems = OPEN_PROBLEMS if path in OPEN_PATHS else GUARDED_PROBLEMS
    if path.startswith("/sign-"):
        problems = GUARDED_PROBLEMS
    for status, description in problems.items():
        operation["responses"][status] = {"description": description, "content": content}
