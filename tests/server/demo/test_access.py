"""The demo's tokens: minted once, kept privately, and minted anew where they are not valid any more."""

import stat
from pathlib import Path
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.staff.tables import StaffRole
from server.commands.staff import add_staff, remove_staff
from server.demo.access import DemoAccess, open_access
from server.demo.banner import banner
from server.demo.story import AGENCY, PLATFORM, SUPPORTER
from tests.server.demo.demo_database import DemoDatabase, Token, account_names


async def viewer_of(demo: DemoDatabase, token: str) -> Any:
    """What the token is told of itself; None if it is not valid."""
    answer = await demo.api.ask("{ viewer { user { email } apiKey { name } } }", Token(token))
    return None if answer.data is None else answer.data["viewer"]


async def test_tokens_are_minted_kept_privately_and_used_again(demo: DemoDatabase, tmp_path: Path) -> None:
    path = tmp_path / "new" / "demo.json"
    access = await open_access(demo.engine, path)
    for member in AGENCY.people:
        viewer = await viewer_of(demo, access.tokens[member.role])
        assert viewer == {"user": {"email": member.person.email}, "apiKey": None}
    assert access.api_key is not None
    assert access.api_key.startswith("mdt_")
    assert await viewer_of(demo, access.api_key) == {"user": None, "apiKey": {"name": "Demo key"}}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = await demo.counts()
    assert await open_access(demo.engine, path) == access
    assert await demo.counts() == before


async def test_only_what_is_not_valid_any_more_is_minted_anew(demo: DemoDatabase, tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    first = await open_access(demo.engine, path)
    token = first.tokens[BuiltinRole.FINANCE]
    await demo.api.ask("mutation { signOut { userErrors { code } } }", Token(token))
    second = await open_access(demo.engine, path)
    assert second.tokens[BuiltinRole.FINANCE] != token
    assert await viewer_of(demo, second.tokens[BuiltinRole.FINANCE]) is not None
    assert second == DemoAccess(
        first.api_key,
        {**first.tokens, BuiltinRole.FINANCE: second.tokens[BuiltinRole.FINANCE]},
        first.staff_token,
    )
    await demo.rows("UPDATE api_keys SET revoked_at = now() WHERE name = 'Demo key'")
    third = await open_access(demo.engine, path)
    assert third.api_key != second.api_key
    assert third.api_key is not None
    assert await viewer_of(demo, third.api_key) is not None
    assert third.tokens == second.tokens


async def test_one_of_its_people_is_staff_and_reaches_no_customer(demo: DemoDatabase, tmp_path: Path) -> None:
    """The token is minted while the person is staff, and printed; being staff opens nobody's account."""
    path = tmp_path / "demo.json"
    assert (await open_access(demo.engine, path)).staff_token is None
    await add_staff(demo.owner_url, SUPPORTER.email, StaffRole.APPROVER)
    access = await open_access(demo.engine, path)
    assert access.staff_token is not None
    assert access.staff_token in banner("http://127.0.0.1:8000", access, has_outbox=True)
    answer = await demo.api.read("{ staff { role } viewer { user { email } } }", Token(access.staff_token))
    assert answer == {"staff": {"role": "APPROVER"}, "viewer": {"user": {"email": SUPPORTER.email}}}
    assert await account_names(demo, SUPPORTER) == [PLATFORM.name]
    assert await open_access(demo.engine, path) == access
    await remove_staff(demo.owner_url, SUPPORTER.email)
    assert (await open_access(demo.engine, path)).staff_token is None


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[]", b'{"api_key": 7, "tokens": {}}', b'{"tokens": {"OWNER": "x"}}']
)
async def test_a_damaged_file_is_made_anew(demo: DemoDatabase, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "demo.json"
    path.write_bytes(content)
    access = await open_access(demo.engine, path)
    assert await viewer_of(demo, access.tokens[BuiltinRole.OWNER]) is not None
    assert await open_access(demo.engine, path) == access


def owner_is(new: str, old: str) -> str:
    person = "(SELECT id FROM users WHERE name = '{}')"
    return f"UPDATE ownerships SET user_id = {person.format(new)} WHERE user_id = {person.format(old)}"


def status_is(status: str) -> str:
    return f"UPDATE accounts SET status = '{status}' WHERE name = 'Northlight Agency'"


@pytest.mark.parametrize(
    ("change", "undo"),
    [
        (status_is("CLOSED"), status_is("ACTIVE")),
        (owner_is("Ben Carter", "Anna Berger"), owner_is("Anna Berger", "Ben Carter")),
    ],
    ids=["closed", "transferred"],
)
async def test_the_demo_still_opens_when_the_agency_was_changed(
    demo: DemoDatabase, tmp_path: Path, change: str, undo: str
) -> None:
    await demo.rows(change)
    try:
        access = await open_access(demo.engine, tmp_path / "demo.json")
    finally:
        await demo.rows(undo)
    assert access.api_key is None
    text = banner("http://127.0.0.1:8000", access, has_outbox=True)
    assert "No API key" in text
    assert text.count("curl ") == 1
