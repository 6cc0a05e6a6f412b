"""Text that people type: stored in one form, NFC."""

import re
import unicodedata
from itertools import groupby

from authz.policy.refusals import Refusal, RefusalCode
from engine.text.forms import mixes_scripts, normalised
from engine.text.invisible_characters import invisible_in
from models.base.columns import SHORT_TEXT_LENGTH

_REFUSED_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
"""Control characters, surrogates and line breaks. Joiners and direction marks belong to scripts."""

_UNSEEN_CATEGORIES = {"Cf", "Zs"}
"""Marks and spaces."""

_REFUSED_DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Characters that change the direction of the text behind them."""

_SPACES = re.compile(r"[^\S\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
"""Spaces of any width, without line breaks."""


def short_text(text: str, field: str, longest: int = SHORT_TEXT_LENGTH) -> str:
    """The text, trimmed, in NFC: 1 to `longest` characters, without control characters. Raises
    BAD_USER_INPUT."""
    trimmed = normalised(text.strip())
    if not 1 <= len(trimmed) <= longest:
        message = f"Must have 1 to {longest} characters."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    if trimmed.isascii() and trimmed.isprintable():
        return trimmed  # as most are, and as what follows would find
    if all(unicodedata.category(character) in _UNSEEN_CATEGORIES for character in trimmed):
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must contain a visible character.", field)
    if any(_is_refused(character) for character in trimmed):
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must not contain control characters.", field)
    return trimmed


def visible_text(text: str, field: str, longest: int = SHORT_TEXT_LENGTH) -> str:
    """A text that people tell apart by its looks: as `short_text`, without invisible characters, except those
    that a script or an emoji needs. Spaces of any kind become plain ones. Raises BAD_USER_INPUT."""
    plain = _SPACES.sub(" ", short_text(text, field, longest)).strip()
    unseen = invisible_in(plain)
    if unseen is not None:
        message = f"Must not contain invisible characters: U+{ord(unseen):04X}."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return plain


def name_of_rights(text: str, field: str) -> str:
    """The name of something that gives rights: as `visible_text`, with no word that mixes scripts, so that no
    letter imitates another. Raises BAD_USER_INPUT."""
    name = visible_text(text, field)
    if any(mixes_scripts(word) for word in _words(name)):
        message = "Must not mix letters of several scripts in one word."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return name


def _words(text: str) -> list[str]:
    """Runs of letters, marks and digits."""
    parts = groupby(text, lambda character: unicodedata.category(character)[0] in "LMN")
    return ["".join(characters) for is_word, characters in parts if is_word]


def _is_refused(character: str) -> bool:
    return (
        unicodedata.category(character) in _REFUSED_CATEGORIES
        or unicodedata.bidirectional(character) in _REFUSED_DIRECTIONS
    )
