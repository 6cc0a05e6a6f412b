"""Sealed values: they open with the secret that sealed them, in their place, unchanged, and not otherwise."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.sealing.keyring import HEAD_SIZE, Keyring, NotOpenedError
from resolvers.sealing.places import Place

_TREE, _OTHER_TREE, _ROW, _OTHER_ROW = (uuid.UUID(int=number) for number in range(4))
_PLACE = Place("notes.text", (_TREE, _ROW))
_KEYRING = Keyring([b"a newer secret", b"an older secret"])

PLACES = {
    "another row": Place("notes.text", (_TREE, _OTHER_ROW)),
    "another tree": Place("notes.text", (_OTHER_TREE, _ROW)),
    "another column": Place("notes.title", (_TREE, _ROW)),
    "another table": Place("letters.text", (_TREE, _ROW)),
}


@given(value=st.binary(max_size=3000))
def test_it_opens_in_its_place(value: bytes) -> None:
    sealed = _KEYRING.seal(_PLACE, value)
    assert _KEYRING.open(_PLACE, sealed) == value
    assert sealed != _KEYRING.seal(_PLACE, value)
    assert len(value) < 4 or sealed.find(value) < 0


@pytest.mark.parametrize("where", PLACES)
def test_a_copy_does_not_open_in(where: str) -> None:
    sealed = _KEYRING.seal(_PLACE, b"a secret")
    with pytest.raises(NotOpenedError):
        _KEYRING.open(PLACES[where], sealed)


def test_no_byte_of_it_can_be_changed_and_none_left_out() -> None:
    sealed = _KEYRING.seal(_PLACE, b"a secret")
    changed = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    for wrong in (*changed, *(sealed[:length] for length in range(len(sealed)))):
        with pytest.raises(NotOpenedError):
            _KEYRING.open(_PLACE, wrong)


def test_its_head_says_which_secret_sealed_it() -> None:
    old = Keyring([b"an older secret"])
    assert old.seal(_PLACE, b"x")[:HEAD_SIZE] == old.newest != _KEYRING.newest
    assert _KEYRING.open(_PLACE, old.seal(_PLACE, b"x")) == b"x"
    with pytest.raises(NotOpenedError):
        old.open(_PLACE, _KEYRING.seal(_PLACE, b"x"))
