"""Which bounces are hard, by their status."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.suppressions.tables import BounceKind
from server.feedback import statuses
from server.feedback.statuses import bounce_kind, refused_for_good, status_of

HARD, SOFT = BounceKind.HARD, BounceKind.SOFT


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("5.1.1", HARD),
        ("5.1.0", HARD),
        ("5.1.10", HARD),
        ("5.1.7", SOFT),
        ("5.1.8", SOFT),
        ("5.2.1", HARD),
        ("5.2.2", SOFT),
        ("5.3.4", SOFT),
        ("5.4.1", HARD),
        ("5.4.7", SOFT),
        ("5.5.0", HARD),
        ("5.5.2", SOFT),
        ("5.6.1", SOFT),
        ("5.7.1", SOFT),
        ("5.7.13", HARD),
        ("5.0.0", HARD),
        ("5.9.9", HARD),
        ("4.2.2", SOFT),
        ("4.1.1", SOFT),
        ("2.0.0", SOFT),
        ("5.1", SOFT),
        ("", SOFT),
        (None, SOFT),
    ],
)
def test_the_kind_of_a_bounce(status: str | None, kind: BounceKind) -> None:
    assert bounce_kind(status) is kind


def _rows() -> list[tuple[str, BounceKind]]:
    """Of the table in the module's manual: the statuses of each row that names any, and their kind."""
    rows: list[tuple[str, BounceKind]] = []
    named: list[str] = []
    for line in (statuses.__doc__ or "").splitlines():
        named += re.findall(r"\d\.[\dx]+\.[\dx]+", line)
        if line.endswith(("SOFT", "HARD")) and named:
            rows += [(status, BounceKind(line[-4:])) for status in named]
            named = []
    return rows


def test_the_table_says_what_is_done() -> None:
    rows = dict(_rows())
    assert len(rows) > 15
    for subject in range(10):
        for detail in range(30):
            status = f"5.{subject}.{detail}"
            kind = rows.get(status) or rows.get(f"5.{subject}.x") or rows["5.x.x"]
            assert (status, bounce_kind(status)) == (status, kind)


@pytest.mark.parametrize(
    ("status", "diagnostic_code", "expected"),
    [
        ("5.1.1", None, "5.1.1"),
        ("5.1.1 (bad destination)", "smtp; 550 5.2.1 no", "5.1.1"),
        ("5.0.0", "smtp; 550 5.2.2 full", "5.2.2"),
        ("5.0.0", "smtp; 450 4.2.2 full", "5.0.0"),
        ("5.0.0", "smtp; 550 no", "5.0.0"),
        (None, "smtp; 550 5.07.001 policy", "5.7.1"),
        (None, "smtp;550-no", "5.0.0"),
        (None, "421 busy", "4.0.0"),
        (None, "smtp; 552 no room", "5.2.2"),
        (None, "smtp; 554 no", "5.3.0"),
        (None, "smtp; 550 relay not permitted", "5.7.0"),
        ("5.0.0", "smtp; 554 5.0.0 no", "5.3.0"),
        ("5.0.0", "smtp; 550 listed as a source of SPAM", "5.7.0"),
        ("5.0.0", "smtp; 550 5.1.1 blocked", "5.1.1"),
        ("5.0.0", None, "5.0.0"),
        (None, "host 5.1.1.1 said no", None),
        ("9.9.9", "who knows", None),
        ("٥.1.1", None, None),
        (None, None, None),
    ],
)
def test_the_most_exact_status_is_found(
    status: str | None, diagnostic_code: str | None, expected: str | None
) -> None:
    assert status_of(status, diagnostic_code) == expected


@pytest.mark.parametrize(
    ("answer", "of_recipient", "of_message"),
    [
        ("550 5.1.1 No such user", "5.1.1", "5.1.1"),
        ("550-5.2.1 disabled\n550 5.2.1 see our page", "5.2.1", "5.2.1"),
        ("550 Nobody here", "5.0.0", None),
        ("551 not local", "5.0.0", None),
        ("553 no such name", "5.0.0", None),
        ("550 5.0.0 no", "5.0.0", None),
        ("550 relaying denied", None, None),
        ("550 5.7.1 policy", None, None),
        ("550 5.2.2 full", None, None),
        ("552 too large", None, None),
        ("554 no", None, None),
        ("501 syntax", None, None),
        ("450 4.1.1 not yet", None, None),
    ],
)
def test_what_a_direct_answer_says_of_the_address(
    answer: str, of_recipient: str | None, of_message: str | None
) -> None:
    assert refused_for_good(answer, at_recipient=True) == of_recipient
    assert refused_for_good(answer, at_recipient=False) == of_message


@given(st.text(max_size=50), st.text(max_size=50))
def test_any_text_has_a_kind(status: str, diagnostic_code: str) -> None:
    assert bounce_kind(status_of(status, diagnostic_code)) in BounceKind
