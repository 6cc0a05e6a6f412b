"""What ends a narrowed token ends it with the next request, on every process (T8)."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from models.api_keys.tables import api_keys
from models.effects.events import events
from models.narrowed_tokens.tables import narrowed_tokens
from tests.areas.narrowed_tokens.endings import (
    NOT_ACCEPTED,
    WORKS,
    Ending,
    Scene,
    bound_elsewhere,
    key_ends,
    key_revoked,
    key_rotated,
    key_stops,
    session_ends,
    sign_out,
)
from tests.areas.narrowed_tokens.narrowing import Narrowed, narrow, narrowed
from tests.authz.cases.moments import expire_member
from tests.authz.escalation.outcomes import DONE
from tests.client.api import Caller
from tests.client.mutations import code_of, done


@pytest.mark.parametrize("ending", [sign_out, session_ends])
async def test_with_its_session(scene: Scene, ending: Ending) -> None:
    await _ends_with(scene, scene.member, ending)


@pytest.mark.parametrize("ending", [key_revoked, key_rotated, key_ends, key_stops, bound_elsewhere])
async def test_with_its_key(scene: Scene, ending: Ending) -> None:
    await _ends_with(scene, scene.key, ending)


async def _ends_with(scene: Scene, parent: Caller, ending: Ending) -> None:
    token = await narrowed(scene.first, parent, [scene.account], ["ACCOUNT_WRITE"])
    inner = await narrowed(scene.first, token, [scene.account], ["ACCOUNT_WRITE"])
    for caller in (token, inner):
        assert await scene.outcomes(caller) == WORKS
    await ending(scene)
    for caller in (token, inner):
        assert await scene.outcomes(caller) == NOT_ACCEPTED
        assert (
            await narrow(scene.second, caller, [scene.account], ["ACCOUNT_READ"])
        ).code == "UNAUTHENTICATED"


async def test_with_the_old_secret_of_its_key(scene: Scene) -> None:
    """In the overlap both secrets work, and each token ends with its own."""
    token = await narrowed(scene.first, scene.key, [scene.account], ["ACCOUNT_WRITE"])
    await done(scene.first, "apiKeyRotate", scene.owner, apiKeyId=scene.key.id, overlapMinutes=10)
    assert await scene.outcomes(token) == WORKS
    over = update(api_keys).where(api_keys.c.id == scene.key.key).values(previous_expires_at=func.now())
    async with scene.world.database.begin() as connection:
        await connection.execute(over)
    assert await scene.outcomes(token) == NOT_ACCEPTED


async def test_at_its_own_end(scene: Scene) -> None:
    token = await narrowed(scene.first, scene.member, [scene.account], ["ACCOUNT_WRITE"])
    assert await scene.outcomes(token) == WORKS
    async with scene.world.database.begin() as connection:
        await connection.execute(update(narrowed_tokens).values(expires_at=func.now()))
    assert await scene.outcomes(token) == NOT_ACCEPTED


async def test_its_rights_are_those_of_this_moment(scene: Scene) -> None:
    """Less than when it was made, and as much again, and nothing without the membership."""
    token = await narrowed(scene.first, scene.member, [scene.account], ["ACCOUNT_WRITE"])
    for role, writes in (
        (BuiltinRole.ANALYST, "FORBIDDEN ACCOUNT_WRITE"),
        (BuiltinRole.ADMINISTRATOR, "CONFLICT"),
    ):
        update_ = {"memberId": scene.member.id, "roleId": f"role_{role.id}"}
        await done(scene.first, "memberUpdate", scene.owner, **update_)
        assert await scene.outcomes(token) == [DONE, DONE, writes, writes]
    await scene.world.set_status(scene.account, AccountStatus.SUSPENDED)
    assert await scene.outcomes(token) == [DONE, DONE, *["ACCOUNT_SUSPENDED"] * 2]
    await scene.world.set_status(scene.account, AccountStatus.ACTIVE)
    await expire_member(scene.world.database, scene.member)
    assert await scene.outcomes(token) == ["NOT_FOUND"] * 4


async def test_revoked_alone(scene: Scene) -> None:
    """With what was narrowed from it; its parent and the parent's other tokens work on."""
    first, other = [
        await narrowed(scene.first, scene.member, [scene.account], ["ACCOUNT_WRITE"]) for _ in range(2)
    ]
    inner = await narrowed(scene.first, first, [scene.account], ["ACCOUNT_WRITE"])
    await done(scene.first, "tokenRevoke", scene.member, narrowedTokenId=first.id)
    for ended in (first, inner):
        assert await scene.outcomes(ended) == NOT_ACCEPTED
    for left in (other, scene.member):
        assert await scene.outcomes(left) == WORKS


async def test_who_revokes(scene: Scene) -> None:
    """Whom it acts for, itself, what it was narrowed from, and who manages the account's keys."""
    analyst = await scene.world.member(scene.account, BuiltinRole.ANALYST)
    other_key = await scene.world.api_key(scene.account)

    async def outcome_of(parent: Caller, by: Callable[[Narrowed, Narrowed], Caller]) -> str:
        outer = await narrowed(scene.first, parent, [scene.account], ["ACCOUNT_READ"])
        token = await narrowed(scene.first, outer, [scene.account], ["ACCOUNT_READ"])
        code = await code_of(scene.first, "tokenRevoke", by(outer, token), narrowedTokenId=token.id)
        revoked = select(narrowed_tokens.c.revoked_at).where(narrowed_tokens.c.audience == "Widget")
        async with scene.world.database.connect() as connection:
            rows = await connection.execute(revoked.order_by(narrowed_tokens.c.id.desc()).limit(1))
            assert (rows.scalar_one() is not None) == (code == "")
        return code

    assert await outcome_of(scene.member, lambda outer, token: scene.member) == ""
    assert await outcome_of(scene.member, lambda outer, token: token) == ""
    assert await outcome_of(scene.member, lambda outer, token: outer) == ""
    assert await outcome_of(scene.member, lambda outer, token: scene.owner) == "NOT_FOUND"
    assert await outcome_of(scene.member, lambda outer, token: scene.key) == "NOT_FOUND"
    assert await outcome_of(scene.key, lambda outer, token: scene.key) == ""
    assert await outcome_of(scene.key, lambda outer, token: scene.owner) == ""
    assert await outcome_of(scene.key, lambda outer, token: other_key) == ""
    assert await outcome_of(scene.key, lambda outer, token: analyst) == "FORBIDDEN"
    outsider = await scene.world.member(await scene.world.account(), BuiltinRole.OWNER)
    assert await outcome_of(scene.key, lambda outer, token: outsider) == "NOT_FOUND"
    sibling = await narrowed(scene.first, scene.key, [scene.account], ["ACCOUNT_READ"])
    assert await outcome_of(scene.key, lambda outer, token: sibling) == "FORBIDDEN"
    inner = await narrowed(scene.first, sibling, [scene.account], ["ACCOUNT_READ"])
    assert await code_of(scene.first, "tokenRevoke", inner, narrowedTokenId=sibling.id) == "FORBIDDEN"


async def test_two_revoke_at_once(scene: Scene) -> None:
    """It is told once."""
    token = await narrowed(scene.first, scene.member, [scene.account], ["ACCOUNT_READ"])
    revoking = [
        code_of(api, "tokenRevoke", scene.member, narrowedTokenId=token.id)
        for api in (scene.first, scene.second) * 2
    ]
    assert await asyncio.gather(*revoking) == [""] * 4
    told = select(func.count()).where(events.c.type == "token.revoked", events.c.subject_id == token.id)
    async with scene.world.database.connect() as connection:
        assert (await connection.execute(told)).scalar_one() == 1


async def test_narrowing_while_its_parent_is_revoked(scene: Scene) -> None:
    """Whichever comes first: what was made works no longer than its parent."""
    for _ in range(5):
        token = await narrowed(scene.first, scene.member, [scene.account], ["ACCOUNT_READ"])
        made, code = await asyncio.gather(
            narrow(scene.first, token, [scene.account], ["ACCOUNT_READ"]),
            code_of(scene.second, "tokenRevoke", scene.member, narrowedTokenId=token.id),
        )
        assert code == ""
        assert made.code in ("", "UNAUTHENTICATED", "NOT_FOUND")
        if made.done:
            assert await scene.outcomes(Narrowed(made.payload["token"], "")) == NOT_ACCEPTED
