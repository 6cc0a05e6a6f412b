"""Names of domains, by IDNA 2008: canonicalised here alone.

Two names are the same domain's if they are equal after trimming, mapping by UTS #46 (case, width, the full
stops of other scripts), without the dot at the end, as A-labels.
"""

from dataclasses import dataclass
from functools import cache

import idna
from publicsuffixlist import PublicSuffixList

from authz.policy.refusals import Refusal, RefusalCode

LONGEST = 200
"""In ASCII. With the names of our records in front it is still a name of DNS."""

_RESERVED = frozenset(
    {"alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"}
)
"""Top-level names that are not in the public DNS (RFC 6761, RFC 6762, RFC 9476 and ICANN's `internal`)."""


@dataclass(frozen=True)
class DomainName:
    """A name as people read it, and as DNS has it, which is what is compared."""

    shown: str
    ascii: str


def domain_name(text: str, field: str) -> DomainName:
    """The name. Raises BAD_USER_INPUT for text that is no name of a domain that somebody can own."""
    if len(text) > 2 * LONGEST:
        raise _refused(f"it has more than {LONGEST} characters", field)
    if not text.strip():
        raise _refused("it is empty", field)
    if "/" in text:
        raise _refused("it is a URL; give its host alone, such as news.example.com", field)
    try:
        found = idna.encode(text.strip(), uts46=True, std3_rules=True).decode().removesuffix(".")
        shown = idna.decode(found)
    except UnicodeError as error:
        raise _refused("a part of it is not allowed", field) from error
    if len(found) > LONGEST:
        raise _refused(f"it has more than {LONGEST} characters", field)
    labels = found.split(".")
    if labels[-1].isdigit():
        raise _refused("it is an address", field)
    if labels[-1] in _RESERVED:
        raise _refused(f"names that end with .{labels[-1]} are reserved", field)
    if _public_suffixes().is_public(found):
        raise _refused("anybody can register names under it", field)
    return DomainName(shown, found)


def registered_part(ascii_name: str) -> str:
    """The part of a name that somebody registered, such as `example.co.uk`."""
    return _public_suffixes().privatesuffix(ascii_name) or ascii_name


def _refused(reason: str, field: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, f"Not the name of a domain: {reason}.", field)


@cache
def _public_suffixes() -> PublicSuffixList:
    """Those of registries alone: who lets others register names, such as a host of blogs, can own them."""
    return PublicSuffixList(only_icann=True)
