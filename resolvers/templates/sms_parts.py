"""How an SMS is sent: its encoding, and in how many parts (3GPP TS 23.038 and 23.040)."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
"""Each takes two places: an escape, and a character of the extension table."""


MOST_SMS_PARTS = 10
"""Of an SMS that is sent."""


class SmsEncoding(enum.Enum):
    """How the characters of an SMS are encoded."""

    GSM_7 = "GSM_7"
    UCS_2 = "UCS_2"


@dataclass(frozen=True)
class SmsSize:
    """`units`: the places that the text takes, of 7 bits in GSM_7 and of 16 bits in UCS_2."""

    encoding: SmsEncoding
    units: int
    parts: int


_ALONE = {SmsEncoding.GSM_7: 160, SmsEncoding.UCS_2: 70}
_IN_A_ROW = {SmsEncoding.GSM_7: 153, SmsEncoding.UCS_2: 67}
"""The units of one part. Each of several parts begins with a header."""


def size_of(text: str) -> SmsSize:
    """The size of an SMS with this text. Nothing is sent of an empty one."""
    encoding = SmsEncoding.GSM_7 if set(text) <= _BASIC | _EXTENDED else SmsEncoding.UCS_2
    widths = [_width(character, encoding) for character in text]
    units = sum(widths)
    if units <= _ALONE[encoding]:
        return SmsSize(encoding, units, 1 if text else 0)
    return SmsSize(encoding, units, _parts(widths, _IN_A_ROW[encoding]))


def _width(character: str, encoding: SmsEncoding) -> int:
    if encoding is SmsEncoding.GSM_7:
        return 2 if character in _EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1


def _parts(widths: Iterable[int], room: int) -> int:
    """No part ends within a character."""
    parts, taken = 1, 0
    for width in widths:
        if taken + width > room:
            parts, taken = parts + 1, 0
        taken += width
    return parts
