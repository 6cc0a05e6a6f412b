"""Tokens in the links of messages: what was not signed is nothing."""

import base64
import hmac
import string
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.base.ids import AccountId, MasterId
from resolvers.templates.tracking_links import (
    LONGEST_URL,
    MOST_LINKS,
    Click,
    LinkSigner,
    LinkUse,
    TrackedLink,
)

_SIGNER = LinkSigner([b"secret"])
_ALPHABET = string.ascii_letters + string.digits + "-_"

_CLICKS = st.builds(
    Click,
    place=st.integers(0, MOST_LINKS - 1),
    url=st.text(st.characters(exclude_categories=["Cs"]), max_size=80).map("https://example.com/{}".format),
)


def _links_of(use: LinkUse, clicks: st.SearchStrategy[Click | None]) -> st.SearchStrategy[TrackedLink]:
    return st.builds(
        TrackedLink,
        use=st.just(use),
        master_id=st.uuids().map(MasterId),
        account_id=st.uuids().map(AccountId),
        message_id=st.uuids(),
        click=clicks,
    )


_LINKS = st.one_of(
    _links_of(LinkUse.OPEN, st.none()),
    _links_of(LinkUse.UNSUBSCRIBE, st.none()),
    _links_of(LinkUse.CLICK, _CLICKS),
)


def _link(use: LinkUse, click: Click | None = None) -> TrackedLink:
    master, account, message = (uuid.UUID(int=number) for number in range(3))
    return TrackedLink(
        use=use, master_id=MasterId(master), account_id=AccountId(account), message_id=message, click=click
    )


def _raw(token: str) -> bytes:
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@given(_LINKS)
def test_a_token_says_what_was_signed(link: TrackedLink) -> None:
    token = _SIGNER.token(link)
    assert _SIGNER.read(token) == link
    assert set(token) <= set(_ALPHABET)


@given(_LINKS)
def test_tokens_are_short(link: TrackedLink) -> None:
    url = "" if link.click is None else link.click.url
    assert len(_SIGNER.token(link)) - 4 * len(url.encode()) // 3 <= 95


@given(_LINKS, st.data())
def test_no_changed_token_is_read(link: TrackedLink, data: st.DataObject) -> None:
    token = _SIGNER.token(link)
    at = data.draw(st.integers(0, len(token)))
    until = data.draw(st.integers(at, min(len(token), at + 3)))
    other = data.draw(st.text(st.sampled_from(_ALPHABET + "=+/ \n.é"), max_size=3))
    changed = token[:at] + other + token[until:]
    assert (_SIGNER.read(changed) is None) == (changed != token)


@given(_LINKS)
def test_no_single_character_may_change(link: TrackedLink) -> None:
    """Also not the last one, some of whose bits say nothing."""
    token = _SIGNER.token(link)
    for at in range(len(token)):
        for character in "AZaz09-_="[at % 9], _ALPHABET[(_ALPHABET.index(token[at]) + 1) % 64]:
            changed = token[:at] + character + token[at + 1 :]
            assert changed == token or _SIGNER.read(changed) is None


@given(st.text(max_size=200) | st.text(st.sampled_from(_ALPHABET), max_size=200))
def test_no_other_text_is_read(text: str) -> None:
    assert _SIGNER.read(text) is None


@given(_LINKS, _LINKS)
def test_tags_belong_to_one_link(one: TrackedLink, other: TrackedLink) -> None:
    token, other_token = _SIGNER.token(one), _SIGNER.token(other)
    raw, other_raw = (
        base64.urlsafe_b64decode(each + "=" * (-len(each) % 4)) for each in (token, other_token)
    )
    mixed = base64.urlsafe_b64encode(raw[:-16] + other_raw[-16:]).decode().rstrip("=")
    assert _SIGNER.read(mixed) == (one if one == other else None)


def test_an_older_secret_is_still_valid_until_it_is_taken_away() -> None:
    link = _link(LinkUse.UNSUBSCRIBE)
    old = LinkSigner([b"old"]).token(link)
    assert LinkSigner([b"new", b"old"]).read(old) == link
    assert LinkSigner([b"new", b"old"]).token(link) == LinkSigner([b"new"]).token(link) != old
    assert LinkSigner([b"new"]).read(old) is None


def test_what_another_version_signed_is_not_read() -> None:
    raw = _raw(_SIGNER.token(_link(LinkUse.OPEN)))
    payload = bytes([2]) + raw[1:-16]
    key = hmac.digest(b"secret", b"mandant tracking links", "sha256")
    for signed, expected in ((raw[:-16], _link(LinkUse.OPEN)), (payload, None)):
        token = (
            base64.urlsafe_b64encode(signed + hmac.digest(key, signed, "sha256")[:16]).decode().rstrip("=")
        )
        assert _SIGNER.read(token) == expected


def test_the_longest_link() -> None:
    longest = Click(place=MOST_LINKS - 1, url="x" * LONGEST_URL)
    link = _link(LinkUse.CLICK, longest)
    assert _SIGNER.read(_SIGNER.token(link)) == link
    assert _SIGNER.read("A" * 1_000_000) is None


@pytest.mark.parametrize(
    "link",
    [
        _link(LinkUse.CLICK),
        _link(LinkUse.OPEN, Click(place=0, url="https://example.com")),
        _link(LinkUse.CLICK, Click(place=-1, url="https://example.com")),
        _link(LinkUse.CLICK, Click(place=MOST_LINKS, url="https://example.com")),
        _link(LinkUse.CLICK, Click(place=0, url="x" * (LONGEST_URL + 1))),
        _link(LinkUse.CLICK, Click(place=0, url="\ud800")),
    ],
)
def test_what_cannot_be_tracked(link: TrackedLink) -> None:
    with pytest.raises(ValueError, match=r".+"):
        _SIGNER.token(link)


def test_there_is_always_a_secret() -> None:
    with pytest.raises(ValueError, match="secret"):
        LinkSigner([])
