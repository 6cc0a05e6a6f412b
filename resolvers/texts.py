"""Text that people type."""

import unicodedata

from authz.refusals import Refusal, RefusalCode
from models.base import SHORT_TEXT_LENGTH

_REFUSED_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
"""Control characters, surrogates, and what breaks lines. Joiners and direction marks belong to scripts."""

_UNSEEN_CATEGORIES = {"Cf", "Zs"}
"""Marks and spaces."""

_REFUSED_DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""What turns the text that follows around, also that of others."""


def short_text(text: str, field: str, longest: int = SHORT_TEXT_LENGTH) -> str:
    """A name, trimmed: 1 to `longest` characters, without control characters. Raises BAD_USER_INPUT."""
    trimmed = text.strip()
    if not 1 <= len(trimmed) <= longest:
        message = f"Must have 1 to {longest} characters."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    if all(unicodedata.category(character) in _UNSEEN_CATEGORIES for character in trimmed):
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must hold something that can be seen.", field)
    if any(_is_refused(character) for character in trimmed):
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must not hold control characters.", field)
    return trimmed


def _is_refused(character: str) -> bool:
    return (
        unicodedata.category(character) in _REFUSED_CATEGORIES
        or unicodedata.bidirectional(character) in _REFUSED_DIRECTIONS
    )
