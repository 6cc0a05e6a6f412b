"""CSV files: what is read of them, and which line a refusal names."""

import io

import pytest

from authz.policy.refusals import Refusal
from resolvers.contacts.jobs.csv_rows import LONGEST_LINE, MOST_COLUMNS, csv_rows


def _read(content: bytes) -> list[tuple[int, list[str]]]:
    return [(row.line, row.cells) for row in csv_rows(io.BytesIO(content))]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_cells_stand_between_any_of_three_characters(delimiter: str, end: str, mark: str) -> None:
    lines = (
        delimiter.join(("email", "name")),
        delimiter.join(("ann@example.com", '"Ann ""A"" ,;\tB"')),
        "",
        delimiter.join(("bob@example.com", "Bö")),
    )
    assert _read((mark + end.join(lines)).encode()) == [
        (1, ["email", "name"]),
        (2, ["ann@example.com", 'Ann "A" ,;\tB']),
        (4, ["bob@example.com", "Bö"]),
    ]


def test_a_quoted_cell_may_have_several_lines() -> None:
    """A row's line is its first one."""
    found = _read(b'email,note\na@example.com,"one\ntwo\n\nfour"\nb@example.com,x\n')
    assert found == [
        (1, ["email", "note"]),
        (2, ["a@example.com", "one\ntwo\n\nfour"]),
        (6, ["b@example.com", "x"]),
    ]


def test_a_row_may_have_fewer_cells_and_a_file_no_rows() -> None:
    assert _read(b"email,name\na@example.com\n") == [(1, ["email", "name"]), (2, ["a@example.com"])]
    assert _read(b"") == []
    assert _read(b"\n\n,,\n") == []


def test_rows_whose_cells_are_all_empty_are_left_out() -> None:
    """Lines are counted all the same."""
    found = _read(b'email,name\na@example.com,A\n,\n"",""\n,,,\nb@example.com,B\n,\n')
    assert found == [(1, ["email", "name"]), (2, ["a@example.com", "A"]), (6, ["b@example.com", "B"])]


_GOOD = b"email,name\na@example.com,Ann\n"
_REFUSED = {
    "latin-1": (_GOOD + "b@example.com,Bö\n".encode("latin-1"), "Line 3: it is not in UTF-8."),
    "UTF-16": ("email\nann@example.com\n".encode("utf-16"), "Line 1: "),
    "half a character": (_GOOD + "ö".encode()[:1], "Line 3: it is not in UTF-8."),
    "a surrogate": (_GOOD + b"\xed\xa0\x80\n", "Line 3: it is not in UTF-8."),
    "NUL": (_GOOD + b"b\0@example.com\n", "Line 3: it has a NUL"),
    "an open quote": (_GOOD + b'b@example.com,"Bob\nc@example.com,C\n', "Line 3: a quote begins in this row"),
    "text behind a quote": (_GOOD + b'b@example.com,"Bob"by\n', "Line 3: it is no CSV"),
    "lines of CR": (
        b"email\ra@example.com\rb@example.com\r",
        "Line 1: a line ends with CR alone; end lines with",
    ),
    "too many cells": (_GOOD + b"b@example.com,Bob,x\n", "Line 3: it has 3 cells, and the first line 2."),
    "too many columns": (b",".join([b"a"] * (MOST_COLUMNS + 1)), "Line 1: it has 201 columns"),
    "10,000 columns": (b",".join([b"a"] * 10_000), "Line 1: it has 10000 columns"),
    "a long line": (_GOOD + b"x" * 10_000_000, "Line 3: a row of more than 100,000 bytes"),
    "a long row": (_GOOD + b'b@example.com,"' + b"x\n" * LONGEST_LINE, "a row of more than 100,000 bytes"),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_a_fault_is_refused_with_its_line(name: str) -> None:
    content, message = _REFUSED[name]
    with pytest.raises(Refusal) as refused:
        _read(content)
    assert message in refused.value.message
