"""Addresses and ids as reports write them."""

import re

from server.feedback.parts import Fields

_TYPED = re.compile(r"\s*[a-zA-Z0-9-]+\s*;")
"""The type before an address: `rfc822; anna@example.com`."""
_LONGEST = 320
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,998})>")


def address_of(value: str | None) -> str | None:
    """The address, without its type and angle brackets. None: it is none."""
    untyped = _TYPED.sub("", value or "", count=1).strip()
    address = untyped[untyped.find("<") + 1 :].partition(">")[0].strip()
    return address if "@" in address and len(address) <= _LONGEST and address.isprintable() else None


def message_id_of(headers: Fields) -> str | None:
    """The Message-ID, without angle brackets."""
    found = _MESSAGE_ID.search(headers.first("Message-ID") or "")
    return None if found is None else found[1]
