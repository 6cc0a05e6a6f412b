"""What narrowed tokens could do in the past, whatever has become of them and their parents since (N2)."""

import asyncio
import datetime
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text, update

from authz.callers.tokens import digest_of
from authz.policy.builtin_roles import BuiltinRole
from models.access.histories import HISTORIES
from models.access.session_ends import session_ends as stored_ends
from models.api_keys.tables import api_keys
from models.base.ids import Kind, parse, present
from models.narrowed_tokens.tables import narrowed_tokens
from models.people.sessions import sessions
from models.sessions.tables import session_limits
from tests.areas.access.past import EXPLAIN_PAST, listed_at, now
from tests.areas.narrowed_tokens.endings import (
    Ending,
    Scene,
    key_ends,
    key_revoked,
    key_rotated,
    key_stops,
    session_ends,
    sign_out,
)
from tests.areas.narrowed_tokens.narrowing import Narrowed, narrow, narrowed
from tests.authz.cases.moments import expire_member, open_session
from tests.client.api import Caller
from tests.client.mutations import ROLE_IDS, code_of, done
from tests.concurrency.outcomes import ROUNDS
from tests.world.world import Person

(_VERSIONS,) = (history.versions for history in HISTORIES if history.table is narrowed_tokens)
_MINE = frozenset({"ACCOUNT_READ", "ACCOUNT_WRITE"})


async def _now(scene: Scene) -> datetime.datetime:
    return await now(scene.world.database)


async def _write(scene: Scene, *statements: Any) -> None:
    async with scene.world.database.begin() as connection:
        for statement in statements:
            await connection.execute(statement)


async def _held(scene: Scene, token: Narrowed, *moments: datetime.datetime) -> list[frozenset[str] | None]:
    """What the token had at each moment, as the owner is told; None: it is not listed."""
    listed = [await listed_at(scene.first, scene.owner, scene.account, moment) for moment in moments]
    return [each.get(token.id) for each in listed]


async def _told(
    scene: Scene, asker: Caller, token: Narrowed, moment: datetime.datetime, permission: str = "ACCOUNT_WRITE"
) -> str:
    """What `explainAccess` says of the token's state, or the code with which it refuses."""
    asked = {"account": scene.account.id, "permission": permission, "subject": token.id}
    query = EXPLAIN_PAST.replace("steps { kind", "subject { id } steps { sentence kind")
    answer = await scene.first.ask(query, asker, **asked, at=moment.isoformat())
    if answer.codes:
        return ", ".join(answer.codes)
    told = answer.data["explainAccess"]
    assert (told["nearestMisses"], told["canBeGrantedBy"]) == ([], None)
    assert told["subject"] == {"id": token.id}
    (state,) = [step["sentence"] for step in told["steps"] if step["kind"] == "TOKEN_STATE"]
    return f"{told['decision']}: {state}"


async def test_from_when_it_was_made_until_it_was_revoked(scene: Scene) -> None:
    """With what was narrowed from it, alone in its account."""
    below = await scene.world.account(scene.account)
    before = await _now(scene)
    token = await narrowed(scene.first, scene.member, [scene.account], ["ACCOUNT_WRITE"])
    inner = await narrowed(scene.first, token, [scene.account], ["ACCOUNT_WRITE"])
    made = await _now(scene)
    await done(scene.first, "tokenRevoke", scene.member, narrowedTokenId=token.id)
    revoked = await _now(scene)
    for each in (token, inner):
        assert await _held(scene, each, before, made, revoked) == [None, _MINE, None]
        assert await _told(scene, scene.owner, each, before) == "BAD_USER_INPUT"
        assert await _told(scene, scene.owner, each, made) == "ALLOWED: The token Widget works."
    assert "DENIED: The token Widget was revoked on" in await _told(scene, scene.owner, token, revoked)
    ended = "DENIED: The token Widget has ended with what it was made of."
    assert await _told(scene, scene.owner, inner, revoked) == ended
    assert token.id not in await listed_at(scene.first, scene.owner, below, made)
    assert token.id not in await listed_at(scene.first, scene.owner, scene.account, made, "CONTACTS_READ")


async def test_at_the_very_moment_of_its_making(scene: Scene) -> None:
    """It can be asked about from its `createdAt`, when nobody had it yet."""
    token = await narrowed(scene.first, scene.member, [scene.account], ["ACCOUNT_WRITE"])
    mine = select(_VERSIONS.c.created_at, _VERSIONS.c.holds_from)
    async with scene.world.database.connect() as connection:
        row = (
            await connection.execute(mine.where(_VERSIONS.c.id == parse(Kind.NARROWED_TOKEN, token.id)))
        ).one()
    query = "query ($id: ID!) { node(id: $id) { ... on NarrowedToken { createdAt } } }"
    shown = (await scene.first.read(query, scene.member, id=token.id))["node"]["createdAt"]
    created = datetime.datetime.fromisoformat(shown)
    assert created == row.created_at < row.holds_from
    microsecond = datetime.timedelta(microseconds=1)
    assert await _told(scene, scene.owner, token, created - microsecond) == "BAD_USER_INPUT"
    for moment in (created, row.holds_from - microsecond):
        told = await _told(scene, scene.owner, token, moment)
        assert told == "DENIED: The token Widget was just being made, and did not work yet."
    assert await _told(scene, scene.owner, token, row.holds_from) == "ALLOWED: The token Widget works."
    assert await _held(scene, token, created, row.holds_from) == [None, _MINE]


async def _removed_by_a_worker(scene: Scene) -> None:
    """The session ended long ago, and its row with it."""
    mine = sessions.c.digest == digest_of(scene.member.token)
    ended = update(sessions).where(mine).values(expires_at=func.now())
    await _write(scene, ended)
    await _write(scene, delete(sessions).where(mine))


async def _limits_of_the_tree(scene: Scene) -> None:
    """The session is longer already than it may be from now on."""
    older = update(sessions).where(sessions.c.digest == digest_of(scene.member.token))
    master = scene.account.master
    limits = insert(session_limits).values(master_id=master, account_id=master, maximum_minutes=60)
    await _write(
        scene,
        older.values(created_at=func.now() - datetime.timedelta(hours=2)),
        limits,
        select(func.mandant_limit_sessions_in(master)),
    )


@pytest.mark.parametrize("ending", [sign_out, session_ends, _removed_by_a_worker, _limits_of_the_tree])
async def test_until_its_session_ended(scene: Scene, ending: Ending) -> None:
    await _ended_with(scene, scene.member, ending)


@pytest.mark.parametrize("ending", [key_revoked, key_rotated, key_ends, key_stops])
async def test_until_its_key_ended(scene: Scene, ending: Ending) -> None:
    await _ended_with(scene, scene.key, ending)


async def _ended_with(scene: Scene, parent: Caller, ending: Ending) -> None:
    token = await narrowed(scene.first, parent, [scene.account], ["ACCOUNT_WRITE"])
    made = await _now(scene)
    await ending(scene)
    ended = await _now(scene)
    assert await _held(scene, token, made, ended) == [_MINE, None]
    assert await _told(scene, scene.owner, token, made) == "ALLOWED: The token Widget works."
    told = await _told(scene, scene.owner, token, ended)
    assert told == "DENIED: The token Widget has ended with what it was made of."
    await _forget(scene, token)
    assert await _held(scene, token, made, ended) == [_MINE, None]
    assert await _told(scene, scene.owner, token, made) == "ALLOWED: The token Widget works."


async def _forget(scene: Scene, token: Narrowed) -> None:
    """As a worker does a day after its end."""
    await _write(
        scene, delete(narrowed_tokens).where(narrowed_tokens.c.id == parse(Kind.NARROWED_TOKEN, token.id))
    )


async def test_until_the_secret_of_its_key_was_over(scene: Scene) -> None:
    """In the overlap it works on."""
    token = await narrowed(scene.first, scene.key, [scene.account], ["ACCOUNT_WRITE"])
    await done(scene.first, "apiKeyRotate", scene.owner, apiKeyId=scene.key.id, overlapMinutes=10)
    overlap = await _now(scene)
    end = overlap + datetime.timedelta(seconds=1)
    over = update(api_keys).where(api_keys.c.id == scene.key.key).values(previous_expires_at=end)
    await _write(scene, over)
    await asyncio.sleep(1.1)
    await done(scene.first, "apiKeyRotate", scene.owner, apiKeyId=scene.key.id)
    assert await _held(scene, token, overlap, end) == [_MINE, None]


async def test_until_its_own_end(scene: Scene) -> None:
    """No row is changed at that moment, and a day later it is gone."""
    token = await narrowed(scene.first, scene.member, [scene.account], ["ACCOUNT_WRITE"])
    made = await _now(scene)
    end = made + datetime.timedelta(seconds=1)
    await _write(scene, update(narrowed_tokens).values(expires_at=end))
    short = await _now(scene)
    await asyncio.sleep(1.1)
    for _ in range(2):
        assert await _held(scene, token, made, short, end) == [_MINE, _MINE, None]
        later = await _now(scene)
        for moment in (end, later):
            told = await _told(scene, scene.owner, token, moment)
            assert told.startswith("DENIED: The token Widget expired on")
        await _forget(scene, token)
    query = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await scene.first.read(query, scene.member, id=token.id))["node"] is None


async def test_it_had_what_its_parent_had_then(scene: Scene) -> None:
    """Less with another role, as much again, and nothing without the membership."""
    token = await narrowed(scene.first, scene.member, [scene.account], ["ACCOUNT_WRITE"])
    moments = [await _now(scene)]
    for role in (BuiltinRole.ANALYST, BuiltinRole.ADMINISTRATOR):
        await done(scene.first, "memberUpdate", scene.owner, memberId=scene.member.id, roleId=ROLE_IDS[role])
        moments.append(await _now(scene))
    await expire_member(scene.world.database, scene.member)
    moments.append(await _now(scene))
    assert await _held(scene, token, *moments) == [_MINE, {"ACCOUNT_READ"}, _MINE, None]


@pytest.mark.parametrize("gone", [False, True])
async def test_who_is_told(scene: Scene, gone: bool) -> None:
    """Who is told of whom it acted for now; what was made of itself, a token always."""
    before = await _now(scene)
    of_person = await narrowed(scene.first, scene.member, [scene.account], ["ACCOUNT_WRITE"])
    of_key = await narrowed(scene.first, scene.key, [scene.account], ["ACCOUNT_WRITE"])
    inner = await narrowed(scene.first, of_person, [scene.account], ["ACCOUNT_WRITE"])
    moment = await _now(scene)
    if gone:
        await _forget(scene, inner)
    world, account = scene.world, scene.account
    viewers = {
        granted: await world.member(account, await world.role(account, f"ACCOUNT_READ {granted}"))
        for granted in ("MEMBERS_READ API_KEYS_READ", "MEMBERS_READ", "API_KEYS_READ", "STATISTICS_READ")
    }
    outsider = await world.member(await world.account(), BuiltinRole.OWNER)
    for granted, viewer in viewers.items():
        listed = await listed_at(scene.first, viewer, account, moment)
        assert (of_person.id in listed) == (inner.id in listed) == ("MEMBERS_READ" in granted)
        assert (of_key.id in listed) == ("API_KEYS_READ" in granted)
        for token, needed in ((inner, "MEMBERS_READ"), (of_key, "API_KEYS_READ")):
            told = await _told(scene, viewer, token, moment)
            assert told == ("ALLOWED: The token Widget works." if needed in granted else "NOT_FOUND")
    for asker, token, told in (
        (of_person, inner, "ALLOWED: The token Widget works."),
        (of_key, inner, "NOT_FOUND"),
        (scene.member, of_person, "ALLOWED: The token Widget works."),
        (outsider, of_person, "NOT_FOUND"),
    ):
        assert await _told(scene, asker, token, moment) == told
    stranger = viewers["STATISTICS_READ"]
    assert await _told(scene, stranger, of_person, before) == "NOT_FOUND"
    unknown = Narrowed("", "ntok_0190aaaa-0000-7000-8000-000000000000")
    assert await _told(scene, scene.owner, unknown, moment) == "NOT_FOUND"


async def _stored(scene: Scene) -> list[Any]:
    """What is kept of the member's sessions."""
    mine = select(stored_ends.c.ended_at).where(stored_ends.c.user_id == scene.member.person.key)
    async with scene.world.database.connect() as connection:
        return list((await connection.execute(mine)).scalars())


async def test_of_sessions_without_tokens_nothing_is_kept(scene: Scene) -> None:
    await sign_out(scene)
    assert await _stored(scene) == []


async def test_the_use_of_a_session_is_not_kept(scene: Scene) -> None:
    """Its end moves, and nothing is written about that; its end is told once."""
    await narrowed(scene.first, scene.member, [scene.account], ["ACCOUNT_WRITE"])
    mine = sessions.c.digest == digest_of(scene.member.token)
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    await _write(scene, update(sessions).where(mine).values(expires_at=ends, last_seen_at=func.now()))
    assert await _stored(scene) == []
    await _removed_by_a_worker(scene)
    (ended,) = await _stored(scene)
    assert ended < ends


async def test_an_end_that_is_rolled_back_is_none(scene: Scene) -> None:
    token = await narrowed(scene.first, scene.member, [scene.account], ["ACCOUNT_WRITE"])
    mine = sessions.c.digest == digest_of(scene.member.token)
    async with scene.world.database.begin() as connection, connection.begin_nested() as tried:
        await connection.execute(delete(sessions).where(mine))
        await tried.rollback()
    assert await _stored(scene) == []
    assert await _held(scene, token, await _now(scene)) == [_MINE]


async def test_a_token_that_was_made_while_another_transaction_waited_had_its_time(scene: Scene) -> None:
    """That one has its moment already, and ends the session later."""
    async with scene.world.database.begin() as early:
        role = update(api_keys).where(api_keys.c.id == scene.key.key)
        await early.execute(role.values(expires_at=func.now() + datetime.timedelta(days=1)))
        begun = (await early.execute(text("SELECT current_setting('mandant.changed_at')"))).scalar_one()
        token = await narrowed(scene.first, scene.member, [scene.account], ["ACCOUNT_WRITE"])
        made = await _now(scene)
        await early.execute(delete(sessions).where(sessions.c.digest == digest_of(scene.member.token)))
    assert datetime.datetime.fromisoformat(begun) < made
    assert await _held(scene, token, made, await _now(scene)) == [_MINE, None]


async def test_tokens_that_meet_the_end_of_their_session(scene: Scene) -> None:
    """Made and revoked meanwhile: whatever came first, none works afterwards, and each has one past."""
    for _ in range(ROUNDS):
        person = replace(
            scene.member.person, token=await open_session(scene.world.database, scene.member.person)
        )
        token = await narrowed(scene.first, person, [scene.account], ["ACCOUNT_WRITE"])
        made = await _now(scene)
        inner, *_ = await asyncio.gather(
            narrow(scene.first, token, [scene.account], ["ACCOUNT_WRITE"]),
            code_of(scene.second, "tokenRevoke", person, narrowedTokenId=token.id),
            scene.second.ask("mutation { signOut { userErrors { code } } }", person),
        )
        ended = await _now(scene)
        assert await _held(scene, token, made, ended) == [_MINE, None]
        family = await _made_of(scene, person)
        assert len(family) == (2 if inner.done else 1)
        for each in family:
            assert await _held(scene, each, ended) == [None]
            assert (await _told(scene, scene.owner, each, ended)).startswith("DENIED: ")
            await _assert_one_past(scene, each)


async def _made_of(scene: Scene, person: Person) -> list[Narrowed]:
    """The tokens of a session, whatever has become of it."""
    mine = select(_VERSIONS.c.id).where(_VERSIONS.c.root_digest == digest_of(person.token)).distinct()
    async with scene.world.database.connect() as connection:
        ids = (await connection.execute(mine)).scalars()
        return [Narrowed("", present(Kind.NARROWED_TOKEN, each)) for each in ids]


async def _assert_one_past(scene: Scene, token: Narrowed) -> None:
    """Its versions follow one another."""
    mine = select(_VERSIONS).where(_VERSIONS.c.id == parse(Kind.NARROWED_TOKEN, token.id))
    async with scene.world.database.connect() as connection:
        rows = (await connection.execute(mine.order_by(_VERSIONS.c.holds_from))).all()
    assert len(rows) in (1, 2)
    for earlier, later in pairwise(rows):
        assert earlier.holds_until == later.holds_from
        assert (earlier.revoked_at, later.revoked_at is None) == (None, False)
