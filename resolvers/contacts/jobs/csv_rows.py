"""The rows of a CSV file, read one after the other in bounded memory.

    UTF-8, with or without a byte order mark; cells between commas, semicolons or tabs; a cell may be in
    double quotes, and then have line breaks in it

The first line has the columns' names.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from authz.policy.refusals import Refusal, RefusalCode

LONGEST_LINE = 100_000
"""In bytes, also of a row that has several lines."""

MOST_COLUMNS = 200

_DELIMITERS = (",", ";", "\t")
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class CsvRow:
    """`line`: the first one of the row, from 1."""

    line: int
    cells: list[str]


def csv_rows(file: BinaryIO) -> Iterator[CsvRow]:
    """All rows that are not empty, the columns' names first.

    Raises BAD_USER_INPUT, with the line, for bytes that are not UTF-8, a NUL, a quote that never ends, and
    for too long a line, too many columns, or another number of cells than the first line has.
    """
    lines = _Lines(file)
    first = next(lines, "")
    reader = csv.reader(_again(first, lines), delimiter=_delimiter(first), strict=True)
    width = 0
    while True:
        line = reader.line_num + 1
        lines.begin_row()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise _refused(line, _reason(error)) from error
        if cells is None:
            return
        if not any(cells):
            continue
        width = width or len(cells)
        if len(cells) > MOST_COLUMNS:
            raise _refused(line, f"it has {len(cells)} columns, and at most {MOST_COLUMNS} are read")
        if len(cells) > width:
            raise _refused(line, f"it has {len(cells)} cells, and the first line {width}")
        yield CsvRow(line, cells)


class _Lines:
    """The lines of the file as text."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._number = 0
        self._row = 0

    def begin_row(self) -> None:
        """Count the bytes of the next row."""
        self._row = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        found = self._file.readline(LONGEST_LINE + 1)
        if not found:
            raise StopIteration
        self._number += 1
        self._row += len(found)
        if self._row > LONGEST_LINE:
            raise _refused(self._number, f"a row of more than {LONGEST_LINE:,} bytes ends or goes on here")
        if b"\0" in found:
            raise _refused(self._number, "it has a NUL, so it is no text in UTF-8")
        try:
            text = found.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _refused(self._number, "it is not in UTF-8") from error
        return text.removeprefix(_BYTE_ORDER_MARK) if self._number == 1 else text


def _again(first: str, lines: _Lines) -> Iterator[str]:
    yield first
    yield from lines


def _delimiter(first: str) -> str:
    """What the first line has most of, outside of quotes."""
    plain = "".join(first.split('"')[::2])
    return max(_DELIMITERS, key=plain.count)


def _reason(error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return "a quote begins in this row that never ends"
    if "new-line character" in str(error):
        return "a line ends with CR alone; end lines with LF, or with CR and LF"
    return f"it is no CSV: {error}"


def _refused(line: int, why: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, f"Line {line}: {why}.")
