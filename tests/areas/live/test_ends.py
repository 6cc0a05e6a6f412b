"""T10: whoever may not see it any more is told nothing more, and hears so within a second, also when nothing
happens."""

import asyncio
import datetime
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import update

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area
from models.accounts.tables import AccountStatus
from models.api_keys.tables import api_keys
from models.members.tables import memberships
from models.people.sessions import sessions
from models.shares.tables import shares
from tests.areas.live.serving import Served, Socket, signed_in
from tests.areas.live.test_events import EVENTS, change
from tests.client.api import Api
from tests.database.settled_log import until_settled
from tests.world.shares import Given, give_share
from tests.world.world import Account, ApiKey, Member, World

USAGE = "subscription ($id: ID!) { usage(accountId: $id) { sent } }"

A_SECOND = 1.0 + 2.0
"""With what a busy machine takes."""

_Ends = Callable[[World, Api, Member, ApiKey], Awaitable[None]]


async def _sign_out(world: World, api: Api, member: Member, key: ApiKey) -> None:
    await api.read("mutation { signOut { userErrors { code } } }", member)


async def _session_expires(world: World, api: Api, member: Member, key: ApiKey) -> None:
    async with world.database.begin() as connection:
        await connection.execute(
            update(sessions)
            .where(sessions.c.user_id == member.person.key)
            .values(expires_at=datetime.datetime.now(datetime.UTC))
        )


async def _revoke(world: World, api: Api, member: Member, key: ApiKey) -> None:
    async with world.database.begin() as connection:
        await connection.execute(
            update(api_keys)
            .where(api_keys.c.id == key.key)
            .values(revoked_at=datetime.datetime.now(datetime.UTC))
        )


@pytest.mark.parametrize(
    ("who", "end"), [("member", _sign_out), ("member", _session_expires), ("key", _revoke)]
)
async def test_a_token_that_ends_closes_its_sockets(
    served: Served, world: World, api: Api, who: str, end: _Ends
) -> None:
    account = await world.account()
    member = await world.member(account, BuiltinRole.OWNER)
    key = await world.api_key(account)
    other = await world.member(account, BuiltinRole.OWNER)
    async with (
        signed_in(served, member if who == "member" else key) as idle,
        signed_in(served, member if who == "member" else key) as socket,
        signed_in(served, other) as stays,
    ):
        await socket.subscribe("1", USAGE, id=account.id)
        await socket.next_of("1")
        await end(world, api, member, key)
        ended = time.monotonic()
        assert await idle.closed() == 4401
        assert await socket.closed() == 4401
        assert time.monotonic() - ended < A_SECOND
        await stays.send(type="ping")
        assert await stays.message() == {"type": "pong"}


async def _refused(socket: Socket, code: str) -> None:
    ended = time.monotonic()
    (error,) = await socket.next_of("1", "error")
    assert error["extensions"]["code"] == code
    assert time.monotonic() - ended < A_SECOND
    await socket.send(type="ping")
    assert await socket.message() == {"type": "pong"}


@pytest.mark.parametrize("query", [EVENTS, USAGE])
async def test_a_removed_member_is_told_nothing_more(
    served: Served, world: World, api: Api, query: str
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ADMINISTRATOR)
    async with signed_in(served, member) as socket:
        await socket.subscribe("1", query, id=account.id)
        if query is USAGE:
            await socket.next_of("1")
        assert await socket.silent(1)
        payload = await api.change("memberRemove", owner, memberId=member.id)
        assert payload["userErrors"] == []
        await change(api, owner, account, "what it must not see")
        await _refused(socket, "NOT_FOUND")


async def test_a_right_that_is_taken_away(served: Served, world: World) -> None:
    account = await world.account()
    member = await world.member(account, BuiltinRole.ADMINISTRATOR)
    weaker = await world.role(account, "ACCOUNT_READ")
    async with signed_in(served, member) as socket:
        await socket.subscribe("1", USAGE, id=account.id)
        await socket.next_of("1")
        async with world.database.begin() as connection:
            await connection.execute(
                update(memberships).where(memberships.c.id == member.key).values(role_id=weaker.key)
            )
        await _refused(socket, "FORBIDDEN")


async def test_a_membership_that_ends_by_itself(served: Served, world: World) -> None:
    account = await world.account()
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=3)
    member = await world.member(account, BuiltinRole.ADMINISTRATOR, expires_at=end)
    async with signed_in(served, member) as socket:
        await socket.subscribe("1", USAGE, id=account.id)
        await socket.next_of("1")
        await asyncio.sleep((end - datetime.datetime.now(datetime.UTC)).total_seconds())
        await _refused(socket, "NOT_FOUND")


async def test_a_share_that_is_revoked(served: Served, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    guest = await world.member(await world.account(), BuiltinRole.OWNER)
    await give_share(world, [account], guest.person, owner.person)
    async with signed_in(served, guest) as socket:
        await socket.subscribe("1", USAGE, id=account.id)
        await socket.next_of("1")
        async with world.database.begin() as connection:
            await connection.execute(
                update(shares)
                .where(shares.c.user_id == guest.person.key)
                .values(revoked_at=datetime.datetime.now(datetime.UTC))
            )
        await _refused(socket, "NOT_FOUND")


async def test_a_closed_account_is_still_told_of(served: Served, world: World) -> None:
    """What only reads is allowed as by queries."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    async with signed_in(served, owner) as socket:
        await socket.subscribe("1", USAGE, id=account.id)
        await socket.next_of("1")
        await world.set_status(account, AccountStatus.SUSPENDED)
        assert await socket.silent(1.5)


async def test_nothing_of_others_is_told(served: Served, world: World, api: Api) -> None:
    """Everybody subscribes to everything, and is told what it may read: not less, and nothing else."""
    mine, theirs = await world.account(), await world.account()
    below, beside = await world.account(mine), await world.account(mine)
    owner, stranger = (
        await world.member(mine, BuiltinRole.OWNER),
        await world.member(theirs, BuiltinRole.OWNER),
    )
    inner = await world.member(below, BuiltinRole.ADMINISTRATOR)
    poor = await world.member(mine, await world.role(mine, "ACCOUNT_READ"))
    accounts = [mine, theirs, below, beside]
    allowed: dict[Member, set[Account]] = {
        owner: {mine, below, beside},
        stranger: {theirs},
        inner: {below},
        poor: set(),
    }
    for caller, seen in allowed.items():
        await until_settled(world.database)
        async with signed_in(served, caller) as socket:
            for account in accounts:
                await socket.subscribe(account.id, EVENTS, id=account.id)
            refused: dict[str, str] = {}
            for _ in range(len(accounts) - len(seen)):
                message = await socket.message()
                assert message["type"] == "error"
                refused[message["id"]] = message["payload"][0]["extensions"]["code"]
            assert await socket.silent(0.3)
            for account in accounts:
                writer = stranger if account is theirs else owner
                await change(api, writer, account, f"for {caller.id} in {account.id}")
            told: dict[str, str] = {}
            for _ in seen:
                message = await socket.message()
                (event,) = message["payload"]["data"]["events"]["nodes"]
                told[message["id"]] = event["account"]["id"]
            assert told == {account.id: account.id for account in seen}
            assert set(refused) == {account.id for account in accounts} - set(told)
            assert await socket.silent(1)
        reached = {mine.id} if caller is poor else set()
        assert {id_ for id_, code in refused.items() if code == "FORBIDDEN"} == reached


async def test_a_hidden_area_is_not_told_of(served: Served, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    guest = await world.member(await world.account(), BuiltinRole.OWNER)
    await give_share(world, [account], guest.person, owner.person, Given(hidden=[Area.STATISTICS]))
    async with signed_in(served, guest) as socket:
        await socket.subscribe("1", USAGE, id=account.id)
        await _refused(socket, "FORBIDDEN")


async def test_a_narrowed_token_is_told_what_it_may_read(served: Served, world: World, api: Api) -> None:
    account = await world.account()
    key = await world.api_key(account)
    made = await api.change(
        "tokenNarrow",
        key,
        "token",
        accountIds=[account.id],
        permissions=["ACCOUNT_READ", "AUDIT_READ"],
        expiresInMinutes=10,
        audience="a dashboard",
    )
    assert made["userErrors"] == []
    await until_settled(world.database)
    async with signed_in(served, _Token(made["token"])) as socket:
        await socket.subscribe("1", USAGE, id=account.id)
        await _refused(socket, "FORBIDDEN")
        await socket.subscribe("2", EVENTS, id=account.id)
        assert await socket.silent(0.5)
        await change(api, key, account, "x")
        await socket.next_of("2")


@dataclass(frozen=True)
class _Token:
    token: str
