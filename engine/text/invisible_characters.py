"""Characters that cannot be seen, and where scripts and emoji need them all the same."""

import icu

_NON_JOINER, _JOINER = "\u200c", "\u200d"
_SELECTORS = "\ufe0e\ufe0f"
_KEYCAP = "\u20e3"
_BLANKS = "\u2800\ufff9\ufffa\ufffb"
"""Shown as nothing, though Unicode does not count them among what is ignored."""

_VIRAMA = 9
_NOT_JOINING, _TRANSPARENT = 0, 5


def invisible_in(text: str) -> str | None:
    """The first character of the text that cannot be seen and changes nothing there; None: there is none.

    Joiners are let through where a script needs them, as Persian and Indic ones do, and where they join
    emoji; so are the selectors that make a sign an emoji.
    """
    if text.isascii():
        return None
    found = (character for place, character in enumerate(text) if _is_idle(text, place))
    return next(found, None)


def _is_idle(text: str, place: int) -> bool:
    character = text[place]
    if character in _BLANKS:
        return True
    if not icu.Char.hasBinaryProperty(character, icu.UProperty.DEFAULT_IGNORABLE_CODE_POINT):
        return False
    before, after = text[:place], text[place + 1 :]
    if character in _SELECTORS:
        return not _selects(before, after)
    if character == _NON_JOINER:
        return not (_by_virama(before, after) or _parts_letters(before, after))
    if character == _JOINER:
        return not (_by_virama(before, after) or _joins_emoji(before, after))
    return True


def _by_virama(before: str, after: str) -> bool:
    """Beside the sign that takes the vowel from an Indic letter."""
    return any(icu.Char.getCombiningClass(beside) == _VIRAMA for beside in (before[-1:], after[:1]) if beside)


def _parts_letters(before: str, after: str) -> bool:
    """Between two letters that would else be written as one, as in Persian."""
    return all(_joining_type(side) != _NOT_JOINING for side in (before[::-1], after))


def _joining_type(letters: str) -> int:
    """Of the first letter that is no mark of another."""
    types = (icu.Char.getIntPropertyValue(letter, icu.UProperty.JOINING_TYPE) for letter in letters)
    return next((int(found) for found in types if found != _TRANSPARENT), _NOT_JOINING)


def _joins_emoji(before: str, after: str) -> bool:
    left = before.rstrip(_SELECTORS)[-1:]
    return _is_picture(left) or _is_shade(left) if _is_picture(after[:1]) else False


def _selects(before: str, after: str) -> bool:
    return _is_picture(before[-1:]) or (after[:1] == _KEYCAP and before[-1:] in set("0123456789#*"))


def _is_picture(character: str) -> bool:
    return _has(character, icu.UProperty.EXTENDED_PICTOGRAPHIC)


def _is_shade(character: str) -> bool:
    return _has(character, icu.UProperty.EMOJI_MODIFIER)


def _has(character: str, property_: int) -> bool:
    return character != "" and bool(icu.Char.hasBinaryProperty(character, property_))
