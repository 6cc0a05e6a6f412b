"""The forms of text, by ICU: what is stored, compared, searched and sorted.

They are the same in every process and with every database, whatever its locale and whether or not it was
built with ICU.
"""

import re

import icu

from engine.text.remembered import remembered

NFC = icu.Normalizer2.getNFCInstance()
_FOLDING = icu.Normalizer2.getNFKCCasefoldInstance()
_COLLATOR = icu.Collator.createInstance(icu.Locale.getRoot())
_SPOOFING = icu.SpoofChecker()
_WORDS = icu.SpoofChecker()
_WORDS.setChecks(icu.USpoofChecks.RESTRICTION_LEVEL)
_WORDS.setRestrictionLevel(icu.URestrictionLevel.MODERATELY_RESTRICTIVE)

VERSION = f"ICU {icu.ICU_VERSION}, Unicode {icu.UNICODE_VERSION}"
"""Whose forms these are. Those of another version may differ, so what is stored of them is made anew."""

LONGEST_SORT_KEY = 1_000
"""In bytes; a name of 200 letters has some 600."""

_CONTINUES = 0xC0
"""The bits of a collation element that belongs to the one before it."""

_LEADS_FROM, _CONTINUES_FROM = 0x10000, 0x20000
"""Where weights of 16 bits become characters: above the surrogates, none of them is NUL."""


MARKS_IN_A_ROW = 30
"""How many combining marks may follow each other (UAX #15, Stream-Safe Text Format): putting more of them in
order takes time by the square of their number."""

_MARKS = "".join(re.escape(mark) for mark in icu.UnicodeSet("[:^ccc=0:]"))
_TOO_MANY_MARKS = re.compile(f"[{_MARKS}]{{{MARKS_IN_A_ROW + 1}}}")


def has_too_many_marks(text: str) -> bool:
    """Whether more combining marks follow each other than any language writes."""
    return _TOO_MANY_MARKS.search(text) is not None


def normalised(text: str) -> str:
    """NFC, which is what is stored. It looks the same; two ways to type it become one."""
    return text if text.isascii() else str(NFC.normalize(text))


def compared(text: str) -> str:
    """What two texts have in common that mean the same: whatever their case, width, invisible characters and
    spaces (NFKC_Casefold)."""
    return " ".join(str(_FOLDING.normalize(text)).split())


def looks(text: str) -> str:
    """What two texts have in common that look the same, whatever their case (skeletons of UTS #39)."""
    return compared(str(_SPOOFING.getSkeleton(0, str(NFC.normalize(text)))))


def mixes_scripts(word: str) -> bool:
    """Whether a word is of several scripts that are not written together: Latin is with any one but Cyrillic
    and Greek, and with the scripts of Japanese, Korean and Chinese (UTS #39, moderately restrictive)."""
    return not word.isascii() and bool(_WORDS.check(word))


@remembered(4096)
def sort_key(text: str) -> bytes:
    """Bytes that stand in the order of the root collation: letters by the alphabet, whatever their case and
    accents, which decide between texts that are else equal. Cut, so that a cursor can hold them."""
    key: bytes = _COLLATOR.getSortKey(text)
    return key[:LONGEST_SORT_KEY]


@remembered(2048)
def search_key(text: str) -> str:
    """The primary weights of the root collation, a character each: a text holds another, whatever its case
    and accents, if its key holds the other's."""
    elements = _COLLATOR.createCollationElementIterator(text)
    return "".join(_weight(element & 0xFFFFFFFF) for element in elements if element & 0xFFFF0000)


def _weight(element: int) -> str:
    continues = element & _CONTINUES == _CONTINUES
    return chr((element >> 16) + (_CONTINUES_FROM if continues else _LEADS_FROM))
