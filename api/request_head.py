"""What a request's head may not say: two readers of it could take it for two different requests."""

import re
from collections.abc import Sequence

Headers = Sequence[tuple[bytes, bytes]]  # names in lower case

# RFC 9110, 4.2.3 and 7.2: a name or an address, and perhaps a port. Without the comma, which joined headers would have.
_HOST = re.compile(rb"(?:[A-Za-z0-9._~%!$&'()*+;=-]*|\[[0-9A-Fa-fv:.]+\])(?::[0-9]{0,5})?")


def fault_of_head(headers: Headers, version: str, *, upgrades: bool) -> str | None:
    """Why a request is refused by its head alone; None if it is not. `upgrades`: to a WebSocket."""
    hosts = [value for name, value in headers if name == b"host"]
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    lengths = [value for name, value in headers if name == b"content-length"]
    if len(hosts) > 1 or (not hosts and version != "1.0"):
        return f"there are {len(hosts)} Host headers; exactly one is required"
    if hosts and not _HOST.fullmatch(hosts[0].strip()):
        return "the Host header is no host"
    if codings and (version == "1.0" or len(codings) > 1 or codings[0].strip(b" \t").lower() != b"chunked"):
        return "the only Transfer-Encoding that is accepted is one `chunked`, with HTTP/1.1"
    if codings and lengths:
        return "Transfer-Encoding and Content-Length exclude each other"
    if len(lengths) > 1 or (lengths and not lengths[0].strip(b" \t").isdigit()):
        return "the Content-Length is not one whole number"
    if upgrades and (codings or any(int(length) for length in lengths)):
        return "a WebSocket's handshake has no body"
    return None
