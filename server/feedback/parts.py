"""The parts of a report (multipart/report, RFC 6522), read in time that grows with its size alone.

Python's parser of whole mails is not used: it takes a minute for a mail of 1 MB with 300 parts inside each
other.
"""

import re
from binascii import a2b_base64
from dataclasses import dataclass
from email.message import Message
from quopri import decodestring

LARGEST = 1_000_000
"""Bytes of a report."""
MOST_PARTS = 1_000
"""Of a report, and blocks of a part. The sender of a report about more recipients splits it (RFC 3464)."""
_LONGEST_HEAD = 100_000
"""Bytes."""
_LONGEST_VALUE = 1_000
"""Characters of a field. What is longer is cut."""
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_EMPTY_LINES = re.compile(rb"\r?\n(?:[ \t]*\r?\n)+")
_NEXT_FIELD = re.compile(r"\r?\n(?![ \t])")
_FOLD = re.compile(r"[\r\n\0]+")
_RETURNED = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global-headers",
)
"""Types of the part that returns the message, or its headers."""


class Fields:
    """Headers, or what is written like them. What is not is left out."""

    def __init__(self, block: bytes) -> None:
        self._values: dict[str, list[str]] = {}
        for line in _NEXT_FIELD.split(block.decode("utf-8", "replace")):
            name, colon, value = line.partition(":")
            readable = _FOLD.sub("", value[: 2 * _LONGEST_VALUE]).strip()[:_LONGEST_VALUE]
            if colon and readable:
                self._values.setdefault(name.strip().lower(), []).append(readable)

    def first(self, name: str) -> str | None:
        """The first one of this name that is not empty."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> list[str]:
        """Those of this name that are not empty."""
        return self._values.get(name.lower(), [])


@dataclass(frozen=True)
class Part:
    """A part of a report. `type`: its media type in lower case."""

    type: str
    content: bytes

    def blocks(self) -> list[Fields]:
        """What it says, if it is written like headers: each block ends with an empty line."""
        pieces = _EMPTY_LINES.split(self.content.lstrip(), MOST_PARTS + 1)
        return [Fields(block) for block in pieces[: MOST_PARTS + 1] if block.strip()]


@dataclass(frozen=True)
class Report:
    """A report by its parts."""

    parts: tuple[Part, ...]

    def part(self, *types: str) -> Part | None:
        """The first part of one of these types."""
        return next((part for part in self.parts if part.type in types), None)

    def original(self) -> Fields:
        """The headers of the message that it is about, as far as it has them."""
        part = self.part(*_RETURNED)
        return Fields(b"" if part is None else _split(part.content)[0])


def head_of(content: bytes) -> Fields:
    """The headers of the mail itself."""
    return Fields(_split(content[:_LONGEST_HEAD])[0])


def read_report(content: bytes) -> Report | None:
    """None: it is no report, or too large."""
    if len(content) > LARGEST:
        return None
    head, body = _split(content)
    kind = _content_type(Fields(head))
    boundary = _boundary(kind)
    if kind.get_content_type() != "multipart/report" or boundary is None:
        return None
    delimiter = rb"^--" + re.escape(boundary) + rb"(?:--)?[ \t]*\r?$"
    pieces = re.split(delimiter, body, maxsplit=MOST_PARTS + 2, flags=re.MULTILINE)[1:]
    # What is behind the last delimiter is no part, and does no harm.
    if len(pieces) > MOST_PARTS + 1:
        return None
    return Report(tuple(_part(piece) for piece in pieces))


def _part(piece: bytes) -> Part:
    head, body = _split(piece.removeprefix(b"\n"))
    fields = Fields(head)
    encoding = (fields.first("Content-Transfer-Encoding") or "").lower()
    return Part(_content_type(fields).get_content_type(), _decoded(body, encoding))


def _decoded(body: bytes, encoding: str) -> bytes:
    match encoding:
        case "base64":
            try:
                return a2b_base64(body)
            except ValueError:
                return b""
        case "quoted-printable":
            return decodestring(body)
        case _:
            return body


def _boundary(kind: Message) -> bytes | None:
    try:
        boundary = kind.get_boundary()
    except (TypeError, ValueError):  # the library's, for `boundary*=...; boundary*0=...` and odd charsets
        return None
    return boundary.encode("utf-8", "replace") if boundary else None


def _content_type(fields: Fields) -> Message:
    """A message that has this header alone, for what the library knows about it."""
    message = Message()
    message["Content-Type"] = fields.first("Content-Type") or "text/plain"
    return message


def _split(content: bytes) -> tuple[bytes, bytes]:
    """What is before the first empty line, and what is behind it."""
    end = _END_OF_HEAD.search(content)
    return (content, b"") if end is None else (content[: end.start()], content[end.end() :])
