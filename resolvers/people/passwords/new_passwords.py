"""Passwords: argon2id, which is slow by design, so that only `resolvers.people.passwords.hashing` runs it.

The password is hashed as RFC 8265 prepares it (PRECIS, OpaqueString): the same on every keyboard and system.
"""

from typing import NewType

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from precis_i18n import get_profile

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.people.passwords.weak_passwords import SHORTEST_PASSWORD, PasswordOwner, weakness

LONGEST_PASSWORD = 1000

PASSWORD_RULE = (
    f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD:,} characters of any kind. No common password, no "
    "sequence or repetition, and not just your name, your e-mail address or Mandant."
)
"""The rule for people."""

PreparedPassword = NewType("PreparedPassword", str)
"""A password as PRECIS prepares it."""

HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's parameters for argon2id, of which one hashing takes one core and 19 MiB."""

_profile = get_profile("OpaqueString")
_OF_THE_WHOLE = frozenset("\u30fb" + "".join(map(chr, (*range(0x660, 0x66A), *range(0x6F0, 0x6FA)))))
"""Characters that PRECIS judges by the whole text, once for each occurrence."""
_NOBODYS_HASH = HASHER.hash("the password of nobody")


def new_password(password: str, owner: PasswordOwner, field: str = "password") -> PreparedPassword:
    """A password to set. Raises BAD_USER_INPUT for a wrong length, for control or invisible characters, and
    for a password that is easy to guess."""
    prepared = _prepared(password) if len(password) <= LONGEST_PASSWORD else password
    if prepared is None:
        message = "A password must not contain control characters, invisible ones or unassigned ones."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    if not SHORTEST_PASSWORD <= len(prepared) <= LONGEST_PASSWORD:
        message = f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    weak = weakness(prepared, owner)
    if weak is not None:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"{weak} Choose another one.", field)
    return PreparedPassword(prepared)


def typed_password(password: str) -> PreparedPassword | None:
    """What somebody typed; None if it can be no password."""
    prepared = _prepared(password) if len(password) <= LONGEST_PASSWORD else None
    return None if prepared is None else PreparedPassword(prepared)


def hash_of(password: PreparedPassword) -> str:
    """The hash to store. Takes one core for about 20 ms."""
    return HASHER.hash(password)


def is_password_of(password: PreparedPassword | None, stored_hash: str | None) -> bool:
    """Whether the hash belongs to the password. Without a hash or a password the answer is False, after the
    same time."""
    compared = _NOBODYS_HASH if password is None or stored_hash is None else stored_hash
    try:
        return HASHER.verify(compared, password or "") and compared is stored_hash
    except (VerificationError, InvalidHashError):
        return False


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
    """The text with a plain letter for each repeated character. A thousand repetitions would take most of a
    second."""
    seen: set[str] = set()
    kept = []
    for character in text:
        kept.append("a" if character in seen else character)
        if character in _OF_THE_WHOLE:
            seen.add(character)
    return "".join(kept)
