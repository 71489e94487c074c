"""Where people sign in through the identity provider only, passwords are not accepted (OIDC_ONLY)."""

from starlette.requests import Request

from api.problems import FORBIDDEN, Problem


async def passwords_allowed(request: Request) -> None:
    """A dependency of what takes or sets a password. Raises a 403 problem."""
    if request.app.state.parts.settings.oidc_only:
        raise Problem(FORBIDDEN, "passwords are not accepted here; sign in in a browser at /auth/oidc/start")
