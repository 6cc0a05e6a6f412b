"""Which network addresses a request of a customer's choice may go to: those of the public Internet.

Addresses of this machine, of the network around it and of what lies between networks are refused, in every
form that hides one of them: IPv4 inside IPv6 as it is mapped, translated (NAT64) or tunnelled (6to4, Teredo).
"""

import ipaddress

_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that is given out to anybody. The rest is local, for groups, or a form of something else."""
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_TUNNELLED = ipaddress.IPv6Network("2001::/32")
_EXAMPLES = ipaddress.IPv6Network("3fff::/20")
_RELAYS = ipaddress.IPv4Network("192.88.99.0/24")
"""Of 6to4, which nobody runs any more."""


def is_public(address: str) -> bool:
    """Whether it is an address of the public Internet. False also for a text that is none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return _is_public_v4(parsed)
    if parsed.ipv4_mapped is not None:
        return _is_public_v4(parsed.ipv4_mapped)
    if parsed in _TRANSLATED:
        return _is_public_v4(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF))
    if parsed.sixtofour is not None:
        return _is_public_v4(parsed.sixtofour)
    if parsed.scope_id is not None:
        return False  # a network of this machine
    is_given_out = parsed in _UNICAST and parsed not in _TUNNELLED and parsed not in _EXAMPLES
    return is_given_out and parsed.is_global


def _is_public_v4(address: ipaddress.IPv4Address) -> bool:
    is_special = address.is_multicast or address.is_reserved or address in _RELAYS
    return address.is_global and not is_special
