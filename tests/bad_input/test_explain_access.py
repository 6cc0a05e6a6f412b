"""Bad questions of why somebody may do something: refused, and nothing is told."""

import pytest

from tests.areas.explain.asking import EXPLAIN
from tests.bad_input.place import Place
from tests.client.api import Api

NO_IDS = (
    "",
    " ",
    "user_",
    "memb_00000000-0000-0000-0000-000000000000_",
    "user_' OR true; --",
    "\N{GRINNING FACE}" * 41,
    "x" * 10_000,
    0,
    -(2**31),
)


@pytest.mark.parametrize("argument", ["account", "subject"])
async def test_what_is_no_id_is_not_found(api: Api, place: Place, argument: str) -> None:
    right = {"account": place.account.id, "permission": "ACCOUNT_READ", "subject": place.member.id}
    assert (await api.ask(EXPLAIN, place.above, **right)).errors == []
    for wrong in NO_IDS:
        answer = await api.ask(EXPLAIN, place.above, **(right | {argument: wrong}))
        assert (answer.codes, answer.data) == (["NOT_FOUND"], {"explainAccess": None}), wrong


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [
        ("account", None),
        ("account", ["a", "b"]),
        ("permission", None),
        ("permission", "EVERYTHING"),
        ("permission", "account_read"),
        ("permission", 1),
        ("subject", {}),
        ("subject", True),
    ],
)
async def test_values_of_a_wrong_type_are_refused(
    api: Api, place: Place, argument: str, wrong: object
) -> None:
    right = {"account": place.account.id, "permission": "ACCOUNT_READ", "subject": place.member.id}
    answer = await api.ask(EXPLAIN, place.above, **(right | {argument: wrong}))
    assert (answer.codes, answer.data) == (["BAD_USER_INPUT"], None)
