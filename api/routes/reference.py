"""The API's reference at `/docs` and `/redoc`, from files that are installed here: it works without the internet."""

from importlib.resources import files

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from api.problems import NOT_FOUND, Problem

# Both viewers put styles into the page; Redoc searches in a worker that it makes from a blob.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src 'self' data:; connect-src 'self'; worker-src blob:; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
FILES = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "redoc.standalone.js": "text/javascript; charset=utf-8",
}
REDOC_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"  # the one thing that a viewer would fetch from elsewhere
START = """
const schema = "/openapi.json";
if (window.SwaggerUIBundle) {
  SwaggerUIBundle({ url: schema, dom_id: "#reference", deepLinking: true, persistAuthorization: false });
} else {
  Redoc.init(schema, { hideDownloadButton: false }, document.getElementById("reference"));
}
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} API</title>{style}</head>
<body style="margin:0"><div id="reference"></div>
<script src="/reference/{script}"></script><script src="/reference/start.js"></script></body></html>
"""

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
def openapi(request: Request) -> Response:
    """The document. Not a coroutine: making it takes a second, where that was not done at the start."""
    return Response(encoded_document(request.app), media_type="application/json")


def encoded_document(app: FastAPI) -> bytes:
    """Make and encode the document once, as anybody may ask for it."""
    if not hasattr(app.state, "openapi_bytes"):
        app.state.openapi_bytes = bytes(JSONResponse(app.openapi()).body)
    encoded: bytes = app.state.openapi_bytes
    return encoded


@router.get("/docs")
async def swagger(request: Request) -> HTMLResponse:
    style = '<link rel="stylesheet" href="/reference/swagger-ui.css">'
    page = PAGE.format(title=request.app.title, style=style, script="swagger-ui-bundle.js")
    return HTMLResponse(page, headers=HEADERS)


@router.get("/redoc")
async def redoc(request: Request) -> HTMLResponse:
    page = PAGE.format(title=request.app.title, style="", script="redoc.standalone.js")
    return HTMLResponse(page, headers=HEADERS)


@router.get("/reference/start.js")
async def start() -> Response:
    return Response(START, media_type="text/javascript")


@router.get("/reference/{name}")
def viewer(name: str) -> Response:
    """The viewers' own files. Not a coroutine: they are read from disk."""
    if name not in FILES:
        raise Problem(NOT_FOUND, "the reference has no such file")
    body = (files("fastapi_offline") / "static" / name).read_bytes().replace(REDOC_LOGO, b"data:,")
    return Response(body, media_type=FILES[name], headers={"Cache-Control": "public, max-age=86400"})
