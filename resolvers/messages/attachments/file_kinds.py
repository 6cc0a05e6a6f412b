"""Kinds of files whose content is known for certain, by puremagic's names of their types."""

from collections.abc import Mapping
from dataclasses import dataclass

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"


@dataclass(frozen=True)
class FileKind:
    """`type`: what a file of the kind is, where nothing tells more. `types`: its names, by the ending that
    they go with; without a type of its own an ending goes with `type`. `found`: what puremagic calls it.
    `holds_others`: files of other kinds are made of it."""

    type: str
    types: Mapping[str, str]
    found: frozenset[str]
    aliases: frozenset[str] = frozenset()
    holds_others: bool = False

    @property
    def all_types(self) -> frozenset[str]:
        """All types of which its files are."""
        return frozenset({self.type, *self.types.values(), *self.aliases})


def _kind(type_: str, endings: str, *found: str, aliases: str = "") -> FileKind:
    types = dict.fromkeys(endings.split(), type_)
    return FileKind(type_, types, frozenset({type_, *found}), frozenset(aliases.split()))


FILE_KINDS = (
    _kind("application/pdf", "pdf", aliases="application/x-pdf"),
    _kind("image/png", "png", aliases="image/x-png"),
    _kind("image/jpeg", "jpg jpeg jpe jfif", aliases="image/jpg image/pjpeg"),
    _kind("image/gif", "gif"),
    _kind("image/webp", "webp"),
    _kind("image/tiff", "tif tiff"),
    _kind("image/bmp", "bmp", "image/x-ms-bmp", "image/bitmap", aliases="image/x-ms-bmp image/x-bmp"),
    _kind("application/x-7z-compressed", "7z"),
    FileKind(
        "application/zip",
        {
            "zip": "application/zip",
            "docx": f"{_OFFICE}.wordprocessingml.document",
            "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
            "pptx": f"{_OFFICE}.presentationml.presentation",
            "odt": f"{_OPEN}.text",
            "ods": f"{_OPEN}.spreadsheet",
            "odp": f"{_OPEN}.presentation",
            "epub": "application/epub+zip",
        },
        frozenset({"application/zip", f"{_OFFICE}.wordprocessingml.document"}),
        frozenset({"application/x-zip-compressed", "application/x-zip"}),
        holds_others=True,
    ),
    FileKind(
        "application/x-ole-storage",
        {
            "doc": "application/msword",
            "xls": "application/vnd.ms-excel",
            "ppt": "application/vnd.ms-powerpoint",
            "msg": "application/vnd.ms-outlook",
        },
        frozenset({"application/msword"}),
        holds_others=True,
    ),
    FileKind(
        "application/gzip",
        {"gz": "application/gzip", "tgz": "application/gzip"},
        frozenset({"application/gzip", "application/x-gzip"}),
        frozenset({"application/x-gzip"}),
        holds_others=True,
    ),
)
