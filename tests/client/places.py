"""Network addresses of clients. Each is used once in a process of the tests, so that the tries which one test
counts against an address never refuse another test's."""

import ipaddress
from itertools import count

_USED = count(1)
_ADDRESSES = ipaddress.ip_network("198.18.0.0/15")
"""Set apart for measurements, so that no test writes one of them itself."""


def new_place() -> str:
    """An IPv4 address that nobody asked from before."""
    return str(_ADDRESSES[next(_USED)])


def new_network() -> str:
    """The beginning of all IPv6 addresses in a network of 64 bits that nobody asked from before."""
    return f"2001:2:0:{next(_USED):x}::"
