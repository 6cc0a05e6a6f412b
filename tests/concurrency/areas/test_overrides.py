"""What platform staff do at once, and what happens to a change whose maker is being dismissed (T36)."""

import asyncio

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.staff.overrides import OverrideKind, overrides
from models.staff.subaccounts_requests import subaccounts_requests
from models.staff.tables import StaffRole, staff
from resolvers.effects.event_types import EventType
from tests.areas.effects.log import events_of
from tests.areas.staff.staff_at_work import wanted
from tests.client.api import Api
from tests.client.mutations import code_of
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.staff import ask_for_subaccounts, dismiss, set_override, staff_member
from tests.world.world import Account, World


async def _holding(database: AsyncEngine, account: Account) -> int:
    """How many of the account's overrides are in force."""
    statement = select(func.count()).where(
        overrides.c.account_id == account.key,
        overrides.c.in_force_from.is_not(None),
        overrides.c.ended_at.is_(None),
    )
    async with database.connect() as connection:
        return int((await connection.execute(statement)).scalar_one())


async def test_two_approve_at_once(api: Api, world: World, database: AsyncEngine) -> None:
    """One of them does; the account's log tells of one start."""
    agent = await staff_member(world)
    approvers = [await staff_member(world, StaffRole.APPROVER) for _ in range(2)]
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        waiting = await set_override(world, account, OverrideKind.REVIEW_APPROVED, agent)
        this = {"accountId": account.id, "overrideId": waiting.id}
        codes = await at_once(*[code_of(api, "overrideApprove", person, **this) for person in approvers])
        assert sorted(codes) == ["", "FAILED_PRECONDITION"]
        started = await events_of(api, owner, account.id, EventType.OVERRIDE_STARTED.name)
        assert len(started) == 1
        assert await _holding(database, account) == 1


async def test_one_approves_what_another_ends(api: Api, world: World, database: AsyncEngine) -> None:
    """Whoever is first, it has ended."""
    agent, approver = await staff_member(world), await staff_member(world, StaffRole.APPROVER)
    for _ in range(ROUNDS):
        account = await world.account()
        waiting = await set_override(world, account, OverrideKind.REVIEW_APPROVED, agent)
        this = {"accountId": account.id, "overrideId": waiting.id}
        approved, ended = await at_once(
            code_of(api, "overrideApprove", approver, **this),
            code_of(api, "overrideEnd", agent, **this, reason="No."),
        )
        assert (approved in ("", "FAILED_PRECONDITION"), ended) == (True, "")
        assert await _holding(database, account) == 0


async def test_of_two_values_that_are_set_at_once_one_holds(
    api: Api, world: World, database: AsyncEngine
) -> None:
    agents = [await staff_member(world) for _ in range(3)]
    for _ in range(ROUNDS):
        account = await world.account()
        codes = await at_once(
            *[
                code_of(
                    api, "overrideCreate", agent, **wanted(account, "SENDING_DOMAINS", sendingDomains=number)
                )
                for number, agent in enumerate(agents, 2)
            ]
        )
        assert codes == ["", "", ""]
        assert await _holding(database, account) == 1


async def test_a_request_has_one_answer(api: Api, world: World, database: AsyncEngine) -> None:
    """Granted and declined at once: the yes always unlocks, the no finds a request or none."""
    one, other = await staff_member(world), await staff_member(world)
    for _ in range(ROUNDS):
        account = await world.account()
        await ask_for_subaccounts(world, account)
        granted, declined = await at_once(
            code_of(api, "overrideCreate", one, **wanted(account, "SUBACCOUNTS")),
            code_of(api, "subaccountsRequestDecline", other, accountId=account.id, reason="No."),
        )
        assert granted == ""
        statement = select(subaccounts_requests.c.decline_reason).where(
            subaccounts_requests.c.account_id == account.key
        )
        async with database.connect() as connection:
            reason = (await connection.execute(statement)).scalar_one()
        assert (declined, reason) in (("", "No."), ("FAILED_PRECONDITION", None))


async def test_a_dismissal_waits_for_what_is_being_done_and_nothing_is_done_after_it(
    api: Api, world: World, database: AsyncEngine
) -> None:
    """T8: who is staff is read under a lock that a dismissal needs too."""
    agent, account = await staff_member(world), await world.account()
    values = wanted(account, "SENDING_DOMAINS", sendingDomains=2)
    gate = Gate("INSERT INTO overrides")
    setting = asyncio.create_task(gate.holding(code_of(api, "overrideCreate", agent, **values)))
    await gate.reached()
    dismissal = asyncio.create_task(dismiss(world, agent))
    assert await waits(dismissal, world.database)
    gate.open()
    assert await setting == ""
    await dismissal
    assert await _holding(database, account) == 1
    before = await world.state(account)
    assert await code_of(api, "overrideCreate", agent, **values) == "NOT_FOUND"
    assert await world.state(account) == before


async def test_a_dismissal_that_comes_first_stops_what_waits_for_it(
    api: Api, world: World, database: AsyncEngine
) -> None:
    agent, account = await staff_member(world), await world.account()
    values = wanted(account, "SENDING_DOMAINS", sendingDomains=2)
    before = await world.state(account)
    async with database.begin() as connection:
        await connection.execute(delete(staff).where(staff.c.user_id == agent.key))
        setting = asyncio.create_task(code_of(api, "overrideCreate", agent, **values))
        assert await waits(setting, world.database)
    assert await setting == "NOT_FOUND"
    assert await world.state(account) == before
