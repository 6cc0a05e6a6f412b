"""Secrets: made, recognised and digested."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.principals import PrincipalKind, credentials_of
from authz.tokens import TokenKind, digest, generate

_LENGTH = len("_") + 27 + 6


@pytest.mark.parametrize("kind", list(TokenKind))
def test_a_secret_is_recognised_by_its_kind_alone(kind: TokenKind) -> None:
    """A link's secret opens no session, and a session's accepts nothing that a link offers."""
    secret = generate(kind)
    assert len(secret) == len(kind) + _LENGTH
    for other in TokenKind:
        expected = hashlib.sha256(secret.encode()).digest() if other is kind else None
        assert digest(secret, other) == expected
    found = credentials_of(secret)
    kinds = {TokenKind.SESSION: PrincipalKind.PERSON, TokenKind.API_KEY: PrincipalKind.API_KEY}
    assert (found and found.kind) == kinds.get(kind)


@given(st.data())
def test_a_changed_character_is_noticed(data: st.DataObject) -> None:
    """Before the database is asked."""
    secret = generate(TokenKind.SESSION)
    place = data.draw(st.integers(0, len(secret) - 1))
    character = data.draw(st.characters().filter(lambda other: other != secret[place]))
    assert digest(secret[:place] + character + secret[place + 1 :], TokenKind.SESSION) is None


@given(st.text(max_size=60))
def test_any_text_can_be_asked_about(text: str) -> None:
    """Whatever stands in a header: no error, and no digest."""
    assert digest(text, *TokenKind) is None
    assert credentials_of(text) is None


def test_secrets_are_never_the_same() -> None:
    """160 random bits."""
    assert len({generate(TokenKind.API_KEY) for _ in range(1000)}) == 1000
