"""From where a request comes. Behind a proxy of TRUSTED_PROXIES uvicorn has put the proxy's client in place already."""

from ipaddress import IPv6Address, ip_address

from starlette.requests import HTTPConnection

NETWORK_BITS_V6 = 64  # one customer; each has 2^64 addresses to change between
UNKNOWN = "unknown"


def address_of(connection: HTTPConnection) -> str:
    """What limits count by."""
    return UNKNOWN if connection.client is None else counted_address(connection.client.host)


def counted_address(host: str) -> str:
    """An IPv4 address, or the network of an IPv6 address."""
    try:
        address = ip_address(host)
    except ValueError:
        return UNKNOWN
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> NETWORK_BITS_V6 << NETWORK_BITS_V6)}/{NETWORK_BITS_V6}"
