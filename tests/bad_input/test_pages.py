"""Pages that cannot be given: sizes out of bounds, and cursors that are not of the list."""

import base64
import json
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import new_id
from tests.client.api import Answer, Api
from tests.engine.paths import Path
from tests.world.world import Member, World

pytestmark = pytest.mark.parametrize("path", Path)

_LISTS = {
    "members": "account(id: $id) { list: members(%s) { totalCount nodes { id } } }",
    "events": "account(id: $id) { list: events(%s) { totalCount nodes { id } } }",
    "subaccounts": "account(id: $id) { list: subaccounts(orderBy: NAME, %s) { totalCount nodes { id } } }",
    "accounts": "viewer { list: accounts(%s) { totalCount nodes { id } } account: id }",
}
_PAGE = ", $first: Int, $after: String, $last: Int, $before: String"
_DECLARED = "query ($id: ID!" + _PAGE + ") { here: account(id: $id) { id } %s }"
_VARIABLES = "first: $first, after: $after, last: $last, before: $before"


def _cursor(*keys: object) -> str:
    return _base64(json.dumps(keys).encode())


def _base64(text: bytes) -> str:
    return base64.b64encode(text).decode()


async def _owner(world: World) -> Member:
    account = await world.account()
    await world.account(account)
    return await world.member(account, BuiltinRole.OWNER)


async def _ask(api: Api, owner: Member, path: Path, name: str, arguments: str, **given: Any) -> Answer:
    query = path.of(_DECLARED % (_LISTS[name] % arguments))
    if arguments != _VARIABLES:
        query = query.replace(_PAGE, "")
    return await api.ask(query, owner, id=owner.account.id, **given)


def _assert_refused(answer: Answer, argument: str | None) -> None:
    """The list is null, or what it cannot be missing from; its sibling is there. None: two arguments are at
    fault."""
    assert answer.status == 200
    assert answer.codes == ["BAD_USER_INPUT"]
    (error,) = answer.errors
    assert error["path"][-1] == "list"
    assert error["extensions"].get("argument") == argument
    assert answer.data["here"] is not None


@pytest.mark.parametrize("name", ["members", "accounts"])
async def test_sizes_lie_between_0_and_1000_and_are_given_once(
    api: Api, world: World, name: str, path: Path
) -> None:
    owner = await _owner(world)
    sizes: list[dict[str, int]] = [
        {"first": -1},
        {"last": -1},
        {"first": 1001},
        {"last": 2**31 - 1},
        {"first": -(2**31)},
        {"first": 0, "last": 0},
    ]
    for given in sizes:
        argument = next(iter(given)) if len(given) == 1 else None
        _assert_refused(await _ask(api, owner, path, name, _VARIABLES, **given), argument)
    literals = {"first: 1001": "first", "last: -1": "last", "first: 1, last: 1": None}
    for literal, argument in literals.items():
        _assert_refused(await _ask(api, owner, path, name, literal), argument)


@pytest.mark.parametrize("name", ["members", "accounts"])
async def test_sizes_that_are_no_numbers_are_refused_as_a_whole(
    api: Api, world: World, name: str, path: Path
) -> None:
    owner = await _owner(world)
    wrong: list[object] = ["1", 1.5, True, 2**31, [1, 2], {}]
    for first in wrong:
        answer = await _ask(api, owner, path, name, _VARIABLES, first=first)
        assert (answer.data, set(answer.codes)) == (None, {"BAD_USER_INPUT"})


def _nonsense(tag: str, *keys: str) -> list[str]:
    """What is no cursor of the list with this tag and these keys, though it may look like one."""
    right, id_ = _cursor(tag, *keys), keys[-1]
    values: list[object] = [None, 1, "x", [], {}, {"a": 1}]
    last_keys: list[object] = ["nonsense", None, 7, [id_], {"a": id_}, f"{id_}\x00"]
    return [
        "",
        "x",
        "=",
        "nonsense",
        "é",
        right[:-1],
        right + right,
        f" {right}",
        right.replace("=", "") + "-_",
        *[_base64(text) for text in (b"\xff\xfe", b"[" * 5_000, b"1" * 5_000, b'["\\ud800"]')],
        *[_base64(json.dumps(value).encode()) for value in values],
        *[_cursor(tag, *keys[:-1], last) for last in last_keys],
        _cursor(tag),
        _cursor(tag, *keys, id_),
        _cursor(tag, *keys[1:]),
        _cursor(tag, 7, id_),
        _cursor(tag, "a\x00", id_),
        _cursor(tag, "\ud800", id_),
        _cursor([tag], *keys),
        _cursor(None, *keys),
    ]


async def test_a_cursor_is_one_that_was_given(api: Api, world: World, path: Path) -> None:
    owner = await _owner(world)
    keys = ("61", str(new_id()))
    for cursor in _nonsense("accounts.name", *keys):
        answer = await _ask(api, owner, path, "subaccounts", _VARIABLES, after=cursor)
        assert answer.codes == ["BAD_USER_INPUT"], cursor
        _assert_refused(answer, "after")
    right = await _ask(api, owner, path, "subaccounts", _VARIABLES, after=_cursor("accounts.name", *keys))
    assert right.codes == []


@pytest.mark.parametrize("name", _LISTS)
async def test_a_cursor_is_one_of_this_list_and_order(api: Api, world: World, name: str, path: Path) -> None:
    owner = await _owner(world)
    id_ = str(new_id())
    cursors = {
        "members": _cursor("members", id_),
        "events": _cursor("events", 7, id_),
        "subaccounts": _cursor("accounts.name", "61", id_),
        "accounts": _cursor("accounts.created", id_),
    }
    descending = {"other order": _cursor("accounts.name.desc", "61", id_)}
    for of, cursor in (cursors | descending).items():
        for argument in ("after", "before"):
            answer = await _ask(api, owner, path, name, _VARIABLES, **{argument: cursor})
            if of == name:
                assert answer.codes == []
            else:
                _assert_refused(answer, argument)


@pytest.mark.parametrize("name", ["members", "accounts"])
async def test_a_bad_page_is_refused_also_where_nothing_of_it_is_asked_for(
    api: Api, world: World, name: str, path: Path
) -> None:
    owner = await _owner(world)
    query = _DECLARED % (_LISTS[name].replace(" nodes { id }", "") % _VARIABLES)
    for given in ({"first": 1001}, {"after": "nonsense"}, {"first": 1, "last": 1}):
        answer = await api.ask(path.of(query), owner, id=owner.account.id, **given)
        assert answer.codes == ["BAD_USER_INPUT"], given
    typename = query.replace("totalCount", "__typename")
    answer = await api.ask(path.of(typename), owner, id=owner.account.id, first=1001)
    assert answer.codes == ["BAD_USER_INPUT"]
