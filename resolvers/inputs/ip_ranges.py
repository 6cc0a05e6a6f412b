"""Ranges of network addresses from clients."""

import ipaddress
from collections.abc import Sequence

from authz.policy.refusals import Refusal, RefusalCode, item_of
from models.api_keys.tables import MOST_IP_RANGES

IpRange = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAPPED_BITS = 96
"""How many leading bits mark an IPv6 address as an IPv4-mapped one."""


def ip_ranges(texts: Sequence[str], field: str) -> list[IpRange]:
    """The ranges, each once. A single address is a range of one; IPv4-mapped IPv6 becomes IPv4.

    Raises BAD_USER_INPUT for text that is no range, for host bits behind the prefix, and for more than 50
    ranges.
    """
    if len(texts) > MOST_IP_RANGES:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"At most {MOST_IP_RANGES} ranges.", field)
    found = [_ip_range(text, item_of(field, index)) for index, text in enumerate(texts)]
    return list(dict.fromkeys(found))


def narrow_to(new: Sequence[IpRange], old: Sequence[IpRange]) -> bool:
    """Whether every address of the new ranges lies in an old one. No ranges mean any address."""
    if not old:
        return True
    return bool(new) and all(any(_lies_in(one, other) for other in old) for one in new)


def _lies_in(one: IpRange, other: IpRange) -> bool:
    # The types of the two versions share no method for it.
    if isinstance(one, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return one.subnet_of(other)
    if isinstance(one, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network):
        return one.subnet_of(other)
    return False


def _ip_range(text: str, field: str) -> IpRange:
    address, slash, prefix = text.partition("/")
    # Netmasks are refused: 0.0.0.255 could be a mask or the reverse of one.
    if "%" in address or (slash and not (prefix.isascii() and prefix.isdigit())):
        raise _refusal("It is not an address or a range such as 192.0.2.0/24.", field)
    try:
        widened = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise _refusal("It is not an address or a range such as 192.0.2.0/24.", field) from error
    if ipaddress.ip_address(address) != widened.network_address:
        raise _refusal(f"It has bits beyond its prefix; {widened} is meant?", field)
    return _unmapped(widened)


def _unmapped(found: IpRange) -> IpRange:
    if isinstance(found, ipaddress.IPv4Network) or found.prefixlen < _MAPPED_BITS:
        return found
    mapped = found.network_address.ipv4_mapped
    return found if mapped is None else ipaddress.IPv4Network((mapped, found.prefixlen - _MAPPED_BITS))


def _refusal(problem: str, field: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, problem, field)
