"""What a file is, by its content. A caller's word for it, and the ending of its name, must not contradict."""

import codecs
import mimetypes
import re
from dataclasses import dataclass

import puremagic

from authz.policy.refusals import Refusal, RefusalCode
from models.messages.attachments import LONGEST_TYPE
from resolvers.messages.attachments.executed import is_executed, is_program, is_script
from resolvers.messages.attachments.file_kinds import FILE_KINDS, FileKind
from resolvers.messages.attachments.names import ending_of

UNKNOWN = "application/octet-stream"
_TEXT = "text/plain"
_PAGE = "text/html"
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,99}/[a-z0-9][a-z0-9!#$&^_.+-]{0,99}")
_NOT_ATTACHED = ("message/", "multipart/")
"""They hold messages, and have rules of their own."""

_HTML = re.compile(
    rb"(?:\s|<!--.{0,4000}?-->)*<(?:!doctype html|(?:html|head|body|title|style|script|iframe|table|div|font|"
    rb"h1|a|b|br|p)(?=[\s>/]))",
    re.IGNORECASE | re.DOTALL,
)
"""What a page of HTML begins with, as browsers decide it (WHATWG, MIME Sniffing)."""

_MAY_BE_HTML = re.compile(r"text/(html|markdown)|(text|application)/xml|.+\+xml")

_LOOKED_AT = 8_000
"""Bytes at the beginning of a text."""

_TEXTS = re.compile(r"text/.+|.+\+(xml|json)|application/(x-)?(json|xml|yaml|sql)")
"""Types that are a text."""

_MEDIA = ("audio/", "font/", "image/", "video/")
"""Beginnings of types that are none, but for those of `_TEXTS`."""

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
"""What no text has. An escape is in some."""

_SURE = 4
"""Bytes. What begins with fewer known ones may be a text that begins so."""

_SHARED = b"RIFF"
"""What files of many types begin with."""

# Python's own list, whatever the machine's files say.
_BY_ENDING = mimetypes.MimeTypes(filenames=()).types_map[True]


def type_of(content: bytes, claimed: str | None, name: str) -> str:
    """The media type of the file. `claimed`: what the caller says, without parameters.

    Raises BAD_USER_INPUT for a program or a script, and where the content is not what the caller or the name
    says.
    """
    if not content:
        raise _bad("The file is empty.")
    is_text = _is_text(content)
    beginning = _beginning(content) if is_text else b""
    if is_script(beginning) if is_text else is_program(content):
        raise _bad("Programs and scripts are not sent, whatever they are called: mail servers refuse them.")
    seen = _Seen(_kinds(content, is_text), is_text, _HTML.match(beginning) is not None)
    wanted, ending = _read(claimed), ending_of(name)
    if wanted is not None and not _may_be(wanted, seen):
        raise _bad(f"The content is {seen.told}no {wanted}, as Content-Type says.")
    named = _named_type(ending)
    if named is not None and not _may_be(named, seen):
        raise _bad(f"The content is {seen.told}none of a file that ends with .{ending}.")
    return wanted or named or seen.type


@dataclass(frozen=True)
class _Seen:
    """What the content is by itself. `kinds`: it is of one of them, or nobody knows which."""

    kinds: list[FileKind]
    is_text: bool
    is_html: bool

    @property
    def type(self) -> str:
        """Of a file of which nothing else is known."""
        if self.kinds:
            return self.kinds[0].type
        if self.is_html:
            return _PAGE
        return _TEXT if self.is_text else UNKNOWN

    @property
    def told(self) -> str:
        """What people can be told of it, in front of what it is not."""
        if not self.kinds and not self.is_html:
            return ""
        return f"{self.type}, and "


def _read(claimed: str | None) -> str | None:
    """The claimed type in the form that is stored; None: nothing is claimed."""
    if claimed is None or claimed.strip().lower() == UNKNOWN:
        return None
    wanted = claimed.strip().lower()
    if _TYPE.fullmatch(wanted) is None or len(wanted) > LONGEST_TYPE:
        raise _bad(f"Content-Type must be a media type such as application/pdf, or {UNKNOWN}.")
    if wanted.startswith(_NOT_ATTACHED):
        raise _bad(f"A {wanted} cannot be attached.")
    if is_executed(wanted):
        raise _bad(f"Programs and scripts are not sent, so no {wanted}: mail servers refuse them.")
    kind = _kind_of(wanted)
    return wanted if kind is None or wanted not in kind.aliases else kind.type


def _named_type(ending: str) -> str | None:
    """The type that the ending of a name stands for; None: nothing certain."""
    for kind in FILE_KINDS:
        if ending in kind.types:
            return kind.types[ending]
    known = _BY_ENDING.get(f".{ending}")
    if known is not None and (_TEXTS.fullmatch(known) is not None or known.startswith(_MEDIA)):
        return known
    return None


def _may_be(wanted: str, seen: _Seen) -> bool:
    """Whether the content does not contradict: it is of the type, or nobody knows how that type looks."""
    kind = _kind_of(wanted)
    if kind is not None:
        return kind in seen.kinds
    if seen.is_html:
        return _MAY_BE_HTML.fullmatch(wanted) is not None
    if _TEXTS.fullmatch(wanted) is not None:
        return seen.is_text and not seen.kinds
    if wanted.startswith(_MEDIA) and seen.is_text:
        return False
    return all(found.holds_others for found in seen.kinds)


def _kind_of(type_: str) -> FileKind | None:
    return next((kind for kind in FILE_KINDS if type_ in kind.all_types), None)


def _kinds(content: bytes, is_text: bool) -> list[FileKind]:
    """Those that the content may be of: one, or none."""
    try:
        matches = puremagic.magic_string(content)
    except puremagic.PureError:
        return []
    least = _SURE if is_text else 1
    found = {
        each.mime_type for each in matches if len(each.byte_match) >= least and each.byte_match != _SHARED
    }
    return [kind for kind in FILE_KINDS if kind.found & found]


def _is_text(content: bytes) -> bool:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decodes(content, "utf-16")
    # Older tables and texts are in one of many encodings, without control characters.
    return _CONTROL.search(content) is None


def _beginning(content: bytes) -> bytes:
    """The first characters of a text, in UTF-8 or what stands for it, without a mark of their order."""
    some = content[:_LOOKED_AT]
    if some.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        some = some.decode("utf-16", "ignore").encode()
    return some.removeprefix(codecs.BOM_UTF8).lstrip()


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _bad(message: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, message)
