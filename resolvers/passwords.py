"""Passwords: argon2id, computed beside the event loop because it takes its time by design."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from authz.refusals import Refusal, RefusalCode

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1000

_hasher = PasswordHasher()
_NOBODYS_HASH = _hasher.hash("the password of nobody")


async def hash_password(password: str, field: str = "password") -> str:
    """The hash to store. Raises BAD_USER_INPUT for a password that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        message = f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return await asyncio.to_thread(_hasher.hash, password)


async def password_matches(password: str, stored_hash: str | None) -> bool:
    """Whether it is the password; without a stored hash it takes as long and says no."""
    return await asyncio.to_thread(_verify, password[: LONGEST_PASSWORD + 1], stored_hash)


def _verify(password: str, stored_hash: str | None) -> bool:
    try:
        return _hasher.verify(stored_hash or _NOBODYS_HASH, password) and stored_hash is not None
    except (VerificationError, InvalidHashError):
        return False
