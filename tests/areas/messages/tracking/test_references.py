"""What a message is known again by, where mail servers return it."""

import re

import pytest

from models.base.ids import AccountId, MessageId, new_id
from resolvers.messages.tracking.references import Reference, ReferenceSigner

SIGNER = ReferenceSigner([b"a secret of the tests"])
REFERENCE = Reference(AccountId(new_id()), MessageId(new_id()))


def test_a_bounce_address_is_read_again_in_any_case() -> None:
    address = SIGNER.bounce_address(REFERENCE, "bounce.example.com")
    local_part = address.partition("@")[0]
    assert len(local_part) <= 64
    assert re.fullmatch("b-[a-z2-7]+", local_part)
    for text in (address, address.upper(), local_part, f" {address}\n", f"{local_part}@else.example"):
        assert SIGNER.read(text) == REFERENCE


def test_what_was_changed_is_not_read() -> None:
    text = SIGNER.written(REFERENCE)
    for place in range(2, len(text)):
        other = "a" if text[place] != "a" else "b"
        assert SIGNER.read(text[:place] + other + text[place + 1 :]) is None, place


@pytest.mark.parametrize(
    "text", ["", "b-", "b-" + "a" * 61, "c-" + "a" * 61, "b-" + "1" * 61, "b-" + "ä" * 61, "@"]
)
def test_other_text_is_not_read(text: str) -> None:
    assert SIGNER.read(text) is None
    assert SIGNER.read(SIGNER.written(REFERENCE) + text[:1]) is None or text[:1] in ("", "@")


def test_older_secrets_stay_valid() -> None:
    both = ReferenceSigner([b"a newer secret", b"a secret of the tests"])
    assert both.read(SIGNER.written(REFERENCE)) == REFERENCE
    assert SIGNER.read(both.written(REFERENCE)) is None
