"""A release that widens a built-in role breaks no promise, or does so for a reason that the logs tell."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy import builtin_roles
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.compiler import RoleMasks
from authz.policy.permissions import Permission
from models.members.tables import memberships
from models.roles.tables import roles
from resolvers.promises.upgrade import hold_wider_roles
from server.commands.database import migrate_now
from server.database.migrate import why_not_current
from server.embedded_postgres import DatabaseAddresses
from server.failures.command_failed import CommandFailed
from tests.areas.effects.log import events_of
from tests.areas.promises.scene import Scene
from tests.client.api import Caller
from tests.client.mutations import ROLE_IDS, code_of
from tests.concurrency.gates import waits
from tests.database.own_database import api as api
from tests.database.own_database import own as own
from tests.database.own_database import owner_engine as owner_engine
from tests.database.own_database import world as world
from tests.database.stored import fingerprints
from tests.waiting import until

ANALYST = ROLE_IDS[BuiltinRole.ANALYST]
_REASON = "The roles of release 2"


@pytest.fixture
def wider(monkeypatch: pytest.MonkeyPatch, own: DatabaseAddresses) -> Iterator[None]:
    """The program's analysts read invoices. Afterwards the database's do not."""
    with monkeypatch.context() as patch:
        patch.setattr(builtin_roles, "compiled", _wider)
        yield
    migrate_now(own.owner)


_COMPILED = builtin_roles.compiled


def _wider() -> dict[BuiltinRole, RoleMasks]:
    masks = dict(_COMPILED())
    analyst = masks[BuiltinRole.ANALYST]
    return masks | {
        BuiltinRole.ANALYST: replace(analyst, member=analyst.member | Permission.INVOICES_READ.bit)
    }


async def _reads_invoices(scene: Scene, caller: Caller) -> bool:
    query = "query ($id: ID!) { account(id: $id) { viewerPermissions } }"
    found = await scene.api.read(query, caller, id=scene.account.id)
    return "INVOICES_READ" in found["account"]["viewerPermissions"]


async def _exceptions(scene: Scene) -> int:
    query = "query ($id: ID!) { account(id: $id) { accessPromises { nodes { exceptionCount } } } }"
    found = await scene.api.read(query, scene.owner, id=scene.account.id)
    return sum(each["exceptionCount"] for each in found["account"]["accessPromises"]["nodes"])


async def _end_promises(scene: Scene) -> None:
    """Other tests of the same database are not concerned."""
    async with scene.world.database.begin() as connection:
        await connection.execute(text("UPDATE access_promises SET ended_at = now()"))


@pytest.mark.usefixtures("wider")
async def test_it_is_refused_and_nothing_is_migrated(
    scene: Scene, own: DatabaseAddresses, owner_engine: AsyncEngine
) -> None:
    promise = await scene.promise()
    before = await fingerprints(owner_engine)
    with pytest.raises(CommandFailed, match=f"{promise} about INVOICES_READ in {scene.account.id}"):
        await asyncio.to_thread(migrate_now, own.owner)
    assert await fingerprints(owner_engine) == before
    assert not await _reads_invoices(scene, scene.analyst)
    with pytest.raises(CommandFailed, match="--breaks-promises: Must have 1 to"):
        await asyncio.to_thread(migrate_now, own.owner, " ")
    async with owner_engine.connect() as connection:
        assert await connection.run_sync(why_not_current) is not None
    await _end_promises(scene)


@pytest.mark.usefixtures("wider")
async def test_for_a_reason_whoever_gets_it_is_an_exception(scene: Scene, own: DatabaseAddresses) -> None:
    """The next one is not."""
    promise = await scene.promise()
    await asyncio.to_thread(migrate_now, own.owner, _REASON)
    assert await _reads_invoices(scene, scene.analyst)
    assert await _exceptions(scene) == 1
    event = (await events_of(scene.api, scene.owner, scene.account.id))[0]
    assert (event["type"], event["subjectId"]) == ("PROMISE_EXCEPTED", promise)
    assert event["after"] == {"permission": "INVOICES_READ", "exceptions": 1}
    query = "query ($id: ID!) { account(id: $id) { events(first: 1) { nodes { reason actor { id } } } } }"
    found = await scene.api.read(query, scene.owner, id=scene.account.id)
    assert found["account"]["events"]["nodes"] == [{"reason": _REASON, "actor": None}]
    invited = {"accountId": scene.account.id, "email": "ida@example.com", "roleId": ANALYST}
    invite = code_of(scene.api, "memberInvite", scene.owner, **invited, idempotencyKey="1")
    assert await invite == "PROMISE_BROKEN"
    await _end_promises(scene)


@pytest.mark.usefixtures("wider")
async def test_a_promise_that_is_kept_or_has_ended_stops_nothing(
    scene: Scene, own: DatabaseAddresses
) -> None:
    """Here an analyst is the only one who would get it, and leaves."""
    await scene.promise()
    removed = code_of(scene.api, "memberRemove", scene.owner, memberId=scene.analyst.id)
    assert await removed == ""
    await asyncio.to_thread(migrate_now, own.owner)
    assert await _exceptions(scene) == 0
    await _end_promises(scene)


@pytest.mark.usefixtures("wider")
async def test_a_change_that_has_begun_is_waited_for(
    scene: Scene, own: DatabaseAddresses, owner_engine: AsyncEngine
) -> None:
    """It was held to the promises by the roles as they were."""
    marketer = await scene.world.member(scene.account, BuiltinRole.MARKETER)
    assert await code_of(scene.api, "memberRemove", scene.owner, memberId=scene.analyst.id) == ""
    await scene.promise()
    async with owner_engine.connect() as busy:
        changed = update(memberships).where(memberships.c.user_id == marketer.person.key)
        await busy.execute(changed.values(role_id=BuiltinRole.ANALYST.id))
        check = text("SELECT mandant_check_promises(:tree, ARRAY[CAST(:account AS uuid)], NULL, NULL)")
        await busy.execute(check, {"tree": scene.master.key, "account": scene.account.key})
        migrating = asyncio.create_task(asyncio.to_thread(migrate_now, own.owner))

        async def is_waiting() -> bool:
            async with owner_engine.connect() as connection:
                waiting = text(
                    "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
                )
                return bool((await connection.execute(waiting)).scalar_one())

        await until(is_waiting)
        await busy.commit()
    with pytest.raises(CommandFailed, match="Nothing was migrated: built-in roles"):
        await migrating
    await _end_promises(scene)


async def test_a_change_meanwhile_is_held_to_the_new_roles(scene: Scene, owner_engine: AsyncEngine) -> None:
    marketer = await scene.world.member(scene.account, BuiltinRole.MARKETER)
    assert await code_of(scene.api, "memberRemove", scene.owner, memberId=scene.analyst.id) == ""
    await scene.promise()
    analyst = roles.c.id == BuiltinRole.ANALYST.id
    before = builtin_roles.compiled()[BuiltinRole.ANALYST].columns()
    async with owner_engine.connect() as migrating:
        widened = before["member_mask"] | Permission.INVOICES_READ.bit
        await migrating.execute(update(roles).where(analyst).values(member_mask=widened))
        await migrating.run_sync(hold_wider_roles, None)
        values = {"memberId": marketer.id, "roleId": ANALYST}
        changing = asyncio.create_task(code_of(scene.api, "memberUpdate", scene.owner, **values))
        assert await waits(changing, owner_engine)
        await migrating.commit()
    try:
        assert await changing == "PROMISE_BROKEN"
        assert not await _reads_invoices(scene, marketer)
    finally:
        async with owner_engine.begin() as connection:
            await connection.execute(update(roles).where(analyst).values(before))
    await _end_promises(scene)
