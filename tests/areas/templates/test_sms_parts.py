"""The size of an SMS."""

import pytest

from resolvers.templates.sms_parts import SmsEncoding, SmsSize, size_of

_GSM, _UCS = SmsEncoding.GSM_7, SmsEncoding.UCS_2

_CASES = {
    "nothing": ("", _GSM, 0, 0),
    "160 in one": ("a" * 160, _GSM, 160, 1),
    "161 in two": ("a" * 161, _GSM, 161, 2),
    "306 in two": ("a" * 306, _GSM, 306, 2),
    "307 in three": ("a" * 307, _GSM, 307, 3),
    "Greek capitals and umlauts": ("ΔΦÄöß@£\r\n", _GSM, 9, 1),
    "an extended character": ("€", _GSM, 2, 1),
    "80 extended characters": ("€" * 80, _GSM, 160, 1),
    "81 extended characters": ("€" * 81, _GSM, 162, 2),
    "an escape that would be cut": ("a" * 152 + "€" + "a" * 151, _GSM, 305, 2),
    "an escape that moves the rest": ("a" * 152 + "€" + "a" * 152, _GSM, 306, 3),
    "the grave accent is in no table": ("`", _UCS, 1, 1),
    "a small cedilla is in no table": ("ç", _UCS, 1, 1),
    "70 in one": ("ж" * 70, _UCS, 70, 1),
    "71 in two": ("ж" * 71, _UCS, 71, 2),
    "134 in two": ("ж" * 134, _UCS, 134, 2),
    "135 in three": ("ж" * 135, _UCS, 135, 3),
    "35 emoji": ("🦊" * 35, _UCS, 70, 1),
    "an emoji that would be cut": ("ж" * 66 + "🦊" + "ж" * 65, _UCS, 133, 2),
    "an emoji that moves the rest": ("ж" * 66 + "🦊" + "ж" * 66, _UCS, 134, 3),
    "one character decides for all": ("a" * 159 + "ж", _UCS, 160, 3),
}


@pytest.mark.parametrize(("text", "encoding", "units", "parts"), _CASES.values(), ids=_CASES)
def test_size(text: str, encoding: SmsEncoding, units: int, parts: int) -> None:
    assert size_of(text) == SmsSize(encoding, units, parts)
