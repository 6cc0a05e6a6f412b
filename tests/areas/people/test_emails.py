"""The short way for usual addresses gives what the library gives (T24)."""

import unicodedata

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from authz.policy.refusals import Refusal
from resolvers.inputs.emails import email_address, plain_canonical

_USUAL = ("ann@example.com", "Ann.O'Neil+news@Mail-1.Example.CO", "a@b.museum", "x_1@3com.example.com")
_ENDINGS = ("com", "test", "local", "localhost", "onion", "arpa", "invalid", "c0", "x", "xn--p1ai", "COM")
_PARTS = st.text(st.sampled_from("aZ09-._+'!`|@\" éß\u0130ﬁ。"), max_size=70)
_LABELS = st.text(st.sampled_from("aZ09-é"), min_size=1, max_size=65)

_LONGEST_LOCAL_PART = 64


@st.composite
def _addresses(draw: st.DrawFn) -> str:
    """Near the border between what is an address and what is none."""
    labels = draw(st.lists(_LABELS, max_size=5))
    domain = ".".join([*labels, draw(st.sampled_from(_ENDINGS) | _LABELS)])
    return f"{draw(_PARTS)}{draw(st.sampled_from(('@', '@', '@', '', '@@')))}{domain}"


def _of_library(text: str) -> str | None:
    try:
        parts = validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return None
    local_part = unicodedata.normalize("NFKC", parts.local_part).lower()
    if len(local_part) > _LONGEST_LOCAL_PART:
        return None  # the plain form may be longer than what was typed
    return f"{local_part}@{(parts.ascii_domain or parts.domain).lower()}"


@given(_addresses())
@example(f"{'a' * 64}@example.com")
@example(f"{'a' * 65}@example.com")
@example(f"{chr(0xFB01) * 33}@example.com")
@example(f"a@{'b.' * 124}com")
@example(f"a@{'b.' * 125}com")
@example(f"a@{'b' * 63}.com")
@example(f"a@{'b' * 64}.com")
@example("a@b.c" * 60)
def test_both_ways_give_the_same(text: str) -> None:
    expected = _of_library(text.strip())
    assert plain_canonical(text) in (None, expected)
    try:
        found: str | None = email_address(text).canonical
    except Refusal:
        found = None
    assert found == expected


@pytest.mark.parametrize("text", _USUAL)
def test_usual_addresses_go_the_short_way(text: str) -> None:
    assert plain_canonical(text) == _of_library(text) == text.lower()
