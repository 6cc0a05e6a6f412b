"""Ids: UUIDv7 inside, so that their order is that of creation, and a prefix for each kind outside."""

import itertools
import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.base.ids import Kind, new_id, parse, present
from resolvers.inputs.global_ids import parse_member

kinds = st.sampled_from(Kind)


def test_an_id_is_a_uuid_of_version_7() -> None:
    for _ in range(100):
        before = time.time_ns() // 1_000_000
        made = new_id()
        after = time.time_ns() // 1_000_000
        assert (made.version, made.variant) == (7, uuid.RFC_4122)
        assert before <= made.int >> 80 <= after


def test_ids_rise_in_the_order_of_their_making() -> None:
    ids = [new_id() for _ in range(2_000)]
    assert all(earlier < later for earlier, later in itertools.pairwise(ids))


def test_ids_cannot_be_guessed_from_one_another() -> None:
    """62 random bits each."""
    endings = [new_id().int & (1 << 62) - 1 for _ in range(200)]
    assert len(set(endings)) == 200
    for bit in range(62):
        assert 40 < sum(ending >> bit & 1 for ending in endings) < 160


@given(kinds, st.uuids())
def test_an_id_is_read_as_it_is_shown(kind: Kind, value: uuid.UUID) -> None:
    shown = present(kind, value)
    assert shown == f"{kind}_{value}"
    assert parse(kind, shown) == value


@given(kinds, kinds, st.uuids())
def test_an_id_of_another_kind_is_none(kind: Kind, other: Kind, value: uuid.UUID) -> None:
    assert (parse(kind, present(other, value)) is None) == (kind is not other)


@given(kinds, st.uuids(), st.data())
def test_one_id_has_one_spelling(kind: Kind, value: uuid.UUID, data: st.DataObject) -> None:
    shown = present(kind, value)
    other = data.draw(
        st.sampled_from(
            [
                shown.upper(),
                f" {shown}",
                f"{shown} ",
                f"{shown}\n",
                f"{kind}_{{{value}}}",
                f"{kind}_urn:uuid:{value}",
                f"{kind}_{value.hex}",
                f"{kind}_{value.hex[:-1]}-",
                shown.replace("-", "_"),
                shown[:-1],
                f"{shown}0",
                str(value),
            ]
        )
    )
    assert parse(kind, other) is None


@given(kinds, st.one_of(st.text(), st.none(), st.integers(), st.binary(), st.uuids()))
def test_anything_else_is_none_and_never_an_error(kind: Kind, value: object) -> None:
    found = parse(kind, value)
    assert found is None or present(kind, found) == value


@given(st.uuids(), st.uuids())
def test_a_member_is_named_alone_or_as_seen_from_an_account(member: uuid.UUID, account: uuid.UUID) -> None:
    own = present(Kind.MEMBER, member)
    assert parse_member(own) == f"{member}_"
    assert parse_member(f"{own}_{account}") == f"{member}_{account}"


@given(st.uuids(), st.text(max_size=50))
def test_what_only_begins_like_a_member_is_none(member: uuid.UUID, rest: str) -> None:
    own = present(Kind.MEMBER, member)
    found = parse_member(own + rest)
    assert found is None or f"{Kind.MEMBER}_{found.rstrip('_')}" == own + rest


@pytest.mark.parametrize("text", ["", "_", "memb_", "memb", "m" * 41, "m" * 42, "m" * 78, None, 7])
def test_what_is_no_member_is_none(text: object) -> None:
    assert parse_member(text) is None
