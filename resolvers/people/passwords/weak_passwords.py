"""Passwords that are easy to guess (NIST SP 800-63B, 3.1.1.2): common ones, repetitions, sequences, and the
owner's own words. No rule demands kinds of characters."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from resolvers.people.passwords.common_words import common_words

SHORTEST_PASSWORD = 10

_PRODUCT = "mandant"

_SHORTEST_WORD = 3
"""Shorter parts of a name or an address occur in too many passwords."""

_SHORTEST_COMMON = 4
"""Between digits, shorter text is a letter or two and no word."""

_ENDS = 4
"""So many digits at an end, such as a year, do not make a common password another one."""

_ENOUGH_BESIDE = 6
"""So many characters beside the owner's own words make a password, unless all are digits."""

_ROWS = (
    "0123456789",
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
)
"""Sequences: digits, the alphabet, and the rows of keyboards."""

_CORE = re.compile(r"(\d*)(.*?)(\d*)", re.DOTALL)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class PasswordOwner:
    """The future owner of a password, whose name and address others try first."""

    name: str
    email: str


def weakness(password: str, owner: PasswordOwner) -> str | None:
    """A sentence that says why the password is easy to guess; None if it is not. Case, spaces and signs do
    not count."""
    text = password.casefold()
    piece = _repeated_piece(text)
    if len(piece) < SHORTEST_PASSWORD:
        return "The password repeats a few characters."
    plain = _without_signs(piece)
    if _is_in_order(piece) or _is_in_order(plain):
        return "The password is a sequence of characters as they follow each other."
    if _is_common(piece) or _is_common(plain):
        return "The password is one of the common ones, which others try first."
    if _is_own(plain, _own_words(owner)):
        return "The password is hardly more than your name, your e-mail address or the name of this service."
    return None


def _repeated_piece(text: str) -> str:
    """The shortest piece that the text repeats at least twice, the last time perhaps cut off; else the text
    itself.

    It uses the text's borders (Knuth, Morris, Pratt), so that no input makes it slow.
    """
    borders = [0] * len(text)
    for index in range(1, len(text)):
        border = borders[index - 1]
        while border and text[index] != text[border]:
            border = borders[border - 1]
        borders[index] = border + (text[index] == text[border])
    period = len(text) - borders[-1]
    return text[:period] if period * 2 <= len(text) else text


def _without_signs(text: str) -> str:
    """The text without spaces and signs, where these are the smaller part."""
    plain = _letters_and_digits(text)
    return plain if len(plain) * 2 >= len(text) else text


def _letters_and_digits(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def _is_in_order(text: str) -> bool:
    """Whether the text is part of a row, forwards or backwards. A row starts again at its end."""
    times = len(text) // min(map(len, _ROWS)) + 2
    return any(part in row * times for row in _ROWS for part in (text, text[::-1]))


def _is_common(text: str) -> bool:
    """Also with digits at the ends that are few, all alike, or in order."""
    common = common_words(SHORTEST_PASSWORD)
    if text in common.passwords or text in common.words:
        return True
    match = _CORE.fullmatch(text)
    if match is None:
        raise AssertionError("every text has a core")
    before, core, after = match.groups()
    known = len(core) >= _SHORTEST_COMMON and core in common.passwords
    return known and _is_trivial(before) and _is_trivial(after)


def _is_trivial(digits: str) -> bool:
    return len(digits) <= _ENDS or len(set(digits)) == 1 or _is_in_order(digits)


def _is_own(plain: str, words: Iterable[str]) -> bool:
    rest = plain
    for word in words:
        rest = rest.replace(word, "")
    return rest != plain and (len(rest) < _ENOUGH_BESIDE or rest.isdigit())


def _own_words(owner: PasswordOwner) -> list[str]:
    """The longest first, so that none hides in another."""
    local_part, _, domain = owner.email.casefold().rpartition("@")
    name = owner.name.casefold()
    texts = [_PRODUCT, name, local_part, *_WORD.findall(name), *_WORD.findall(local_part)]
    texts += domain.split(".")[:-1]
    words = {word for text in texts if len(word := _letters_and_digits(text)) >= _SHORTEST_WORD}
    return sorted(words, key=len, reverse=True)
