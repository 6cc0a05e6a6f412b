"""The words by which people leave and come back."""

import pytest

from resolvers.messages.sms_words import LEAVING, LEAVING_BY_CALLING_CODE, Wish, folded, wish_of

_SWEDISH, _FRENCH, _AMERICAN = "+46701234567", "+33612345678", "+12025550123"
_SPANISH, _GERMAN, _NORWEGIAN = "+34612345678", "+4915123456789", "+4741234567"
_BRAZILIAN, _RUSSIAN, _MEXICAN = "+5511961234567", "+79161234567", "+525512345678"

_LEAVE = [
    (word, number)
    for word in ("STOP", "stop", " Stop. ", "S.T.O.P.", "STOP!", "ＳＴＯＰ", "stop\n", "STOPP", "Stop all")
    for number in (_SWEDISH, _RUSSIAN)
] + [
    ("UNSUBSCRIBE", _SWEDISH),
    ("opt-out", _AMERICAN),
    ("End", _AMERICAN),
    ("CANCEL", _GERMAN),
    ("quit", _SWEDISH),
    ("ARRET", _FRENCH),
    ("Arrêt", _FRENCH),
    ("arrêt", _AMERICAN),
    ("Baja", _SPANISH),
    ("BAJA", _MEXICAN),
    ("Abmelden", _GERMAN),
    ("unsub", _NORWEGIAN),
    ("sair", _BRAZILIAN),
    ("Стоп", _RUSSIAN),
]
_NOTHING = [
    ("", _SWEDISH),
    ("...", _SWEDISH),
    ("Please stop", _SWEDISH),
    ("STOP it or not", _SWEDISH),
    ("Thanks!", _AMERICAN),
    ("YES", _AMERICAN),
    ("BAJA", _GERMAN),
    ("SAIR", _SWEDISH),
    ("ALTA", _SWEDISH),
]
_COME_BACK = [("START", _SWEDISH), ("un-stop", _AMERICAN), ("Alta", _SPANISH)]


@pytest.mark.parametrize(
    ("text", "number", "wish"),
    [(*each, Wish.LEAVE) for each in _LEAVE]
    + [(*each, Wish.COME_BACK) for each in _COME_BACK]
    + [(*each, None) for each in _NOTHING],
)
def test_what_an_answer_says(text: str, number: str, wish: Wish | None) -> None:
    assert wish_of(text, number) is wish


def test_the_words_are_written_as_they_are_compared() -> None:
    words = LEAVING.union(*LEAVING_BY_CALLING_CODE.values())
    assert {folded(word) for word in words} == words
