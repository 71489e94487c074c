"""The page at `/` and its files."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console_files import Console, console_of

router = APIRouter(include_in_schema=False)
ConsoleOf = Annotated[Console, Depends(console_of)]


@router.get("/")
async def page(console: ConsoleOf) -> Response:
    return console.page()


@router.get("/account")
async def account(console: ConsoleOf) -> Response:
    """How the user signs in: second factors and recovery codes."""
    return console.page("account.html")


@router.get("/favicon.ico")
async def favicon(console: ConsoleOf) -> Response:
    return console.asset(console.version, "icon.svg")


@router.get("/console/{version}/{name}")
async def asset(console: ConsoleOf, version: str, name: str) -> Response:
    return console.asset(version, name)
