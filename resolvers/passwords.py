"""Passwords: argon2id, computed beside the event loop because it takes its time by design.

What is hashed is the password as RFC 8265 prepares it (PRECIS, OpaqueString): the same whichever keyboard or
system it was typed with.
"""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from precis_i18n import get_profile

from authz.refusals import Refusal, RefusalCode

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1000

_hasher = PasswordHasher()
_profile = get_profile("OpaqueString")
_OF_THE_WHOLE = frozenset("\u30fb" + "".join(map(chr, (*range(0x660, 0x66A), *range(0x6F0, 0x6FA)))))
"""What PRECIS allows by the whole text, and reads the whole text for each time that it stands there."""
_NOBODYS_HASH = _hasher.hash("the password of nobody")


async def hash_password(password: str, field: str = "password") -> str:
    """The hash to store. Raises BAD_USER_INPUT for a password that is too short or too long, or that holds
    control characters or invisible ones."""
    prepared = _prepared(password) if len(password) <= LONGEST_PASSWORD else password
    if prepared is None:
        message = "A password must not hold control characters, invisible ones or unassigned ones."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    if not SHORTEST_PASSWORD <= len(prepared) <= LONGEST_PASSWORD:
        message = f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return await asyncio.to_thread(_hasher.hash, prepared)


async def password_matches(password: str, stored_hash: str | None) -> bool:
    """Whether it is the password; without a stored hash, and for what can be no password, it takes as long
    and says no."""
    prepared = _prepared(password) if len(password) <= LONGEST_PASSWORD else None
    return await asyncio.to_thread(_verify, prepared or "", None if prepared is None else stored_hash)


def _prepared(password: str) -> str | None:
    """None: it can be no password."""
    if password == "":
        return password
    try:
        prepared = _profile.idempotence_check(_profile.apply_five_rules(password))
        _profile.base.enforce(_once_each(prepared))
    except UnicodeEncodeError:
        return None
    return prepared


def _once_each(text: str) -> str:
    """The text with a plain letter for what is looked at already: a thousand would take most of a second."""
    seen: set[str] = set()
    kept = []
    for character in text:
        kept.append("a" if character in seen else character)
        if character in _OF_THE_WHOLE:
            seen.add(character)
    return "".join(kept)


def _verify(password: str, stored_hash: str | None) -> bool:
    try:
        return _hasher.verify(stored_hash or _NOBODYS_HASH, password) and stored_hash is not None
    except (VerificationError, InvalidHashError):
        return False
