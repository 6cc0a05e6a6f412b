"""The words by which people leave, and come back, where they answer an SMS.

A word counts if it is the whole answer, whatever its case, accents, spaces and punctuation. The words are
those that networks require in the United States and Canada, as AWS and Braze list them, and those that
senders name in other countries (Brevo: UNSUB in Norway). Words of a language count for numbers of its
countries alone: elsewhere they mean something else.
"""

import enum
import re
import unicodedata

import phonenumbers


class Wish(enum.Enum):
    """What somebody who answers wants."""

    LEAVE = "LEAVE"
    COME_BACK = "COME_BACK"


LEAVING = frozenset(
    {"STOP", "STOPP", "STOPALL", "UNSUBSCRIBE", "OPTOUT", "CANCEL", "END", "QUIT", "REMOVE", "REVOKE"}
)
"""Everywhere."""

_COMING_BACK = frozenset({"START", "UNSTOP"})
"""Everywhere. Not YES, which answers questions of other kinds."""

_CYRILLIC = frozenset({"СТОП"})
_DANISH = frozenset({"AFMELD", "FRAMELD"})
_DUTCH = frozenset({"AFMELDEN"})
_FRENCH = frozenset({"ARRET", "DESABONNEMENT"})
_GERMAN = frozenset({"ABMELDEN", "ABMELDUNG"})
_NORTH_AMERICAN = frozenset({"ARRET", "BAJA", "TD"})
_NORWEGIAN = frozenset({"UNSUB", "AVSLUTT"})
_PORTUGUESE = frozenset({"SAIR", "PARAR", "CANCELAR"})
_SPANISH = frozenset({"BAJA", "CANCELAR"})
_SWEDISH = frozenset({"AVSLUTA"})

LEAVING_BY_CALLING_CODE = {
    1: _NORTH_AMERICAN,
    7: _CYRILLIC,
    31: _DUTCH,
    32: _DUTCH | _FRENCH,
    33: _FRENCH,
    34: _SPANISH,
    41: _FRENCH | _GERMAN,
    43: _GERMAN,
    45: _DANISH,
    46: _SWEDISH,
    47: _NORWEGIAN,
    49: _GERMAN,
    51: _SPANISH,
    52: _SPANISH,
    54: _SPANISH,
    55: _PORTUGUESE,
    56: _SPANISH,
    57: _SPANISH,
    58: _SPANISH,
    212: _FRENCH,
    213: _FRENCH,
    216: _FRENCH,
    221: _FRENCH,
    225: _FRENCH,
    351: _PORTUGUESE,
    352: _FRENCH | _GERMAN,
    359: _CYRILLIC,
    377: _FRENCH,
    380: _CYRILLIC,
    423: _GERMAN,
    502: _SPANISH,
    503: _SPANISH,
    504: _SPANISH,
    505: _SPANISH,
    506: _SPANISH,
    507: _SPANISH,
    591: _SPANISH,
    593: _SPANISH,
    595: _SPANISH,
    598: _SPANISH,
}

LEAVING_ANYWHERE = LEAVING.union(*LEAVING_BY_CALLING_CODE.values())

_WORD = re.compile(r"\w+")
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_COMING_BACK_IN_SPANISH = frozenset({"ALTA"})


def wish_of(text: str, number: str) -> Wish | None:
    """What the answer of this number, in canonical form, says. None: none of the words."""
    word, code = folded(text), calling_code(number)
    own = LEAVING_BY_CALLING_CODE.get(code, frozenset())
    if word in LEAVING or word in own:
        return Wish.LEAVE
    comes_back = word in _COMING_BACK or (own >= _SPANISH and word in _COMING_BACK_IN_SPANISH)
    return Wish.COME_BACK if comes_back else None


def says_how_to_leave_somewhere(text: str) -> bool:
    """Whether the text of an SMS, as it is sent, names a word of any country. In which ones it counts was
    asked of the template, for the countries that were known then."""
    return bool(LEAVING_ANYWHERE & {folded(word) for word in _WORD.findall(text) if word.isupper()})


def says_how_to_leave(text: str, calling_code: int) -> bool:
    """Whether the text of an SMS names one of the words, as a word in capitals: in a sentence, "end" and
    "cancel" mean something else. `calling_code`: of the country that it goes to. Tags of Liquid say
    nothing."""
    words = set(_WORD.findall(unicodedata.normalize("NFC", _LIQUID.sub(" ", text))))
    known = LEAVING | LEAVING_BY_CALLING_CODE.get(calling_code, frozenset())
    return any(folded(word) in known for word in words if word.isupper())


def folded(text: str) -> str:
    """In capitals, with letters and digits alone, without accents."""
    plain = unicodedata.normalize("NFKD", text.upper())
    return "".join(each for each in plain if each.isalnum())


def calling_code(number: str) -> int:
    """Of a number in canonical form."""
    return phonenumbers.parse(number, None).country_code or 0
