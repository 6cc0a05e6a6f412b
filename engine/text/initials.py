"""The initials of a name, for a picture of a person who has none."""

import icu

_PUNCTUATION = icu.UnicodeSet("[:P:]")


def initials(name: str) -> str:
    """The first characters of the first and of the last word, as they are written.

    Words stand between spaces. A character is what people see as one (UAX #29): an emoji of several parts, a
    flag, a letter with its marks, an Indic conjunct with its vowel. Quotation marks and brackets before it
    are left out.
    """
    words = name.split()
    return "".join(_first_character(word) for word in (*words[:1], *words[1:][-1:]))


def _first_character(word: str) -> str:
    """The first one that is no punctuation, if there is one."""
    text = icu.UnicodeString(word)  # whose places are those of the iterator
    # One for each call: an iterator stands at a place, and two threads may be at work.
    boundaries = icu.BreakIterator.createCharacterInstance(icu.Locale.getRoot())
    boundaries.setText(text)
    start, characters = 0, []
    for end in boundaries:
        characters.append(str(text[start:end]))
        start = end
    found = (each for each in characters if not _PUNCTUATION.contains(each[0]))
    return next(found, characters[0])
