"""The header fields of an e-mail as text (RFC 5322, RFC 2047, RFC 6532).

Python's own policies are not used: with Python 3.11 they write a comma in a name as one between two
addresses, and long links as encoded words, which nobody follows.
"""

import re
import unicodedata
from email.header import Header
from email.utils import quote

import idna

from engine.text.remembered import remembered
from server.transports.mail import Mailbox

_WIDTH = 76
_LONGEST_WORD = 900
"""Characters. A line may have 998."""
_BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, surrogates and line breaks."""
_NAME = re.compile(r"[!-9;-~]{1,70}")
_PLAIN = re.compile(rf"[!-~]{{1,{_LONGEST_WORD}}}(?: [!-~]{{1,{_LONGEST_WORD}}})*")
_WORD = re.compile(rf"[!-~]{{1,{_LONGEST_WORD}}}")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LOCAL_PART = re.compile(r"[^\s\"(),.:;<>@\[\\\]]+(?:\.[^\s\"(),.:;<>@\[\\\]]+)*")
_LONGEST_LOCAL_PART = 64
_MOST_DOMAINS = 1_000
"""That are kept in ASCII: most mails go to a few, and each takes as long as the rest of its header."""


def check_line(text: str, what: str) -> str:
    """The text. Raises ValueError if it would end its line, or could in a program that reads it."""
    if not text.isprintable() and any(unicodedata.category(each) in _BREAKING for each in text):
        raise ValueError(f"{what} must not contain line breaks and control characters.")
    return text


def header(name: str, value: str) -> str:
    """A header whose value is a text that people read. Raises ValueError."""
    if _NAME.fullmatch(name) is None:
        raise ValueError("The name of a header has visible ASCII characters alone, and no colon.")
    return _folded(name, _text(name, check_line(value, name)))


def word_header(name: str, word: str) -> str:
    """A header whose value is a link or an id, which must stay as it is. Raises ValueError."""
    if _WORD.fullmatch(word) is None:
        raise ValueError(f"{name} has 1 to {_LONGEST_WORD} visible ASCII characters.")
    return f"{name}: {word}\r\n"


def address_header(name: str, mailbox: Mailbox) -> str:
    """A header with one address. Raises ValueError."""
    address = wire_address(mailbox.address)
    if not mailbox.name:
        return f"{name}: {address}\r\n"
    shown = check_line(mailbox.name, name)
    if _ATOMS.fullmatch(shown) is not None and "=?" not in shown:
        phrase = shown
    elif _PLAIN.fullmatch(shown) is not None and "=?" not in shown:
        phrase = f'"{quote(shown)}"'
    else:
        phrase = _encoded(name, shown)
    return _folded(name, f"{phrase} <{address}>")


def wire_address(address: str) -> str:
    """The address as mail servers know it: the domain in ASCII. Raises ValueError.

    A local part in other letters stays, for servers with SMTPUTF8.
    """
    local_part, _, domain = check_line(address, "An address").rpartition("@")
    if _LOCAL_PART.fullmatch(local_part) is None or len(local_part.encode()) > _LONGEST_LOCAL_PART:
        raise ValueError("An address has a local part without spaces and quotation marks, and a domain.")
    return f"{local_part}@{_ascii_domain(domain)}"


@remembered(_MOST_DOMAINS)
def _ascii_domain(domain: str) -> str:
    return idna.encode(domain, uts46=True).decode("ascii")


def _text(name: str, value: str) -> str:
    is_plain = not value or (_PLAIN.fullmatch(value) is not None and "=?" not in value)
    return value if is_plain else _encoded(name, value)


def _encoded(name: str, value: str) -> str:
    return Header(value, "utf-8", maxlinelen=_WIDTH, header_name=name).encode(linesep="\n").replace("\n", "")


def _folded(name: str, value: str) -> str:
    """The header in lines. A line ends before a space, so that the value is the same without the breaks."""
    lines, line = [], f"{name}:"
    for word in value.split(" "):
        if len(line) + 1 + len(word) > _WIDTH and line.strip() and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    return "".join(f"{each}\r\n" for each in [*lines, line])
