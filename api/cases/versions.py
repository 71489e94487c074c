"""Versions as entity tags, so that nobody overwrites what he has not seen (RFC 9110, If-Match). Pure."""

from api.problems import CHANGED_MEANWHILE, Problem

IF_MATCH_LENGTH_MAX = 256


def tag(version: int) -> str:
    """The value of the header ETag."""
    return f'"{version}"'


def check_version(if_match: str | None, version: int) -> None:
    """Raises a 412 problem if the caller means another version; without If-Match any will do."""
    if if_match is None:
        return
    tags = {given.strip().removeprefix("W/") for given in if_match.split(",")}
    if tags.isdisjoint({"*", tag(version)}):
        raise Problem(
            CHANGED_MEANWHILE, f"it is at version {version} now; read it again", headers={"ETag": tag(version)}
        )
