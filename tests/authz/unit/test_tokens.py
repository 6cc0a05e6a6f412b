"""Secrets: random, with a prefix that tells what they open and a checksum that finds mistakes."""

import hashlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.callers.principals import PrincipalKind, credentials_of
from authz.callers.tokens import TEST_KINDS, TokenKind, digest, generate

_LETTERS = string.ascii_letters + string.digits


@pytest.mark.parametrize("kind", TokenKind)
def test_a_secret_is_its_prefix_and_33_letters_and_digits(kind: TokenKind) -> None:
    prefix, _, rest = generate(kind).rpartition("_")
    assert prefix == kind
    assert len(rest) == 33
    assert set(rest) <= set(_LETTERS)


@pytest.mark.parametrize("kind", TokenKind)
def test_a_secret_is_recognised_by_its_kind_alone(kind: TokenKind) -> None:
    """A link's secret opens no session, and a session's accepts nothing that a link offers."""
    secret = generate(kind)
    for other in TokenKind:
        expected = hashlib.sha256(secret.encode()).digest() if other is kind else None
        assert digest(secret, other) == expected
    assert digest(secret, *TokenKind) == digest(secret, kind)
    assert digest(secret) is None
    found = credentials_of(secret)
    kinds = {TokenKind.SESSION: PrincipalKind.PERSON, TokenKind.API_KEY: PrincipalKind.API_KEY}
    kinds[TokenKind.TEST_API_KEY] = PrincipalKind.API_KEY
    kinds[TokenKind.NARROWED] = kinds[TokenKind.TEST_NARROWED] = PrincipalKind.NARROWED_TOKEN
    assert (found and found.kind) == kinds.get(kind)
    assert (found is not None and found.is_test) is (kind in TEST_KINDS)


@given(st.sampled_from(TokenKind), st.data())
def test_a_changed_character_is_noticed(kind: TokenKind, data: st.DataObject) -> None:
    """Before the database is asked."""
    secret = generate(kind)
    place = data.draw(st.integers(0, len(secret) - 1))
    likely = st.sampled_from(_LETTERS + "_-é\x00 ") | st.characters()
    character = data.draw(likely.filter(lambda other: other != secret[place]))
    assert digest(secret[:place] + character + secret[place + 1 :], *TokenKind) is None


@given(st.sampled_from(TokenKind), st.data())
def test_two_letters_that_changed_places_are_noticed(kind: TokenKind, data: st.DataObject) -> None:
    secret = generate(kind)
    place = data.draw(st.integers(0, len(secret) - 2))
    swapped = secret[:place] + secret[place + 1] + secret[place] + secret[place + 2 :]
    assert (digest(swapped, *TokenKind) is None) == (swapped != secret)


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    """Whatever stands in a header: no error, and no digest."""
    assert digest(text, *TokenKind) is None
    assert credentials_of(text) is None


def test_secrets_hold_160_random_bits() -> None:
    """27 digits of 62 have room for them, and none of the digits stands still."""
    assert 62**27 > 2**160
    bodies = [generate(TokenKind.API_KEY).rpartition("_")[2][:27] for _ in range(300)]
    assert len(set(bodies)) == 300
    assert all(len({body[place] for body in bodies}) > 40 for place in range(27))
