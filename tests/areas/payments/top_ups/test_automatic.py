"""Credit that is bought by itself (N10, T19): due where a posting leaves too little, bought by a worker."""

import asyncio
import datetime
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSessions
from models.accounts.tables import AccountStatus
from models.base.ids import AccountId, AccountKey, MasterId, new_id
from models.payments.tables import TopUpStatus, top_ups
from models.payments.top_up_rules import top_up_rules
from resolvers.payments.worker import begin_top_up
from server.settings.payments import PracticePayments
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import done
from tests.concurrency.gates import waits
from tests.database.job_queue import work_off
from tests.world.brand import Brand, brand_of
from tests.world.credit import (
    PaymentMethod,
    credit_of,
    faults_of,
    give_credit,
    give_payment_method,
    give_top_up_rule,
    own_balances,
)
from tests.world.world import Account, World

_SETTLED = ("SETTLED", True)


@pytest.fixture
def provider() -> PracticePayments:
    """Remembers what it was asked for."""
    return PracticePayments()


async def _shop(world: World, reference: str = "paid", credit: int = 12) -> tuple[Brand, PaymentMethod]:
    """A brand whose US team has credit, and buys 10 whenever less than 5 are left, at most 30 a day."""
    brand = await brand_of(world)
    await own_balances(world, brand.us)
    await give_credit(world, brand.us, credit)
    method = await give_payment_method(world, brand.us, reference)
    await give_top_up_rule(world, brand.us, method)
    return brand, method


async def _spend(api: Api, brand: Brand, amount: int) -> None:
    between = {"fromAccountId": brand.us.id, "toAccountId": brand.master.id}
    await done(api, "creditTransfer", brand.owner, **between, amount=amount, idempotencyKey=str(new_id()))


async def _found(world: World, account: Account) -> list[tuple[str, bool]]:
    """The status of each of the account's top-ups, oldest first, and whether its rule asked for it."""
    statement = select(top_ups.c.status, top_ups.c.automatic).where(top_ups.c.account_id == account.key)
    async with world.database.connect() as connection:
        return [(row[0], row[1]) for row in await connection.execute(statement.order_by(top_ups.c.id))]


async def _rule(world: World, account: Account) -> Any:
    statement = select(
        top_up_rules, func.now().label("now"), func.date_trunc("day", func.now(), "UTC").label("today")
    )
    async with world.database.connect() as connection:
        return (await connection.execute(statement.where(top_up_rules.c.account_id == account.key))).one()


async def _due_now(world: World, account: Account) -> None:
    """As if the time until the rule is due had passed."""
    rule = top_up_rules.c
    async with world.database.begin() as connection:
        statement = update(top_up_rules).where(rule.account_id == account.key, rule.due_at.is_not(None))
        await connection.execute(statement.values(due_at=func.now()))


async def test_what_falls_below_the_threshold_is_bought(
    api: Api, application: AsyncEngine, world: World, provider: PracticePayments
) -> None:
    brand, _ = await _shop(world)
    await _spend(api, brand, 7)
    await work_off(application, provider)
    assert await _found(world, brand.us) == [], "five are left: that is not below five"
    await _spend(api, brand, 1)
    assert (await _rule(world, brand.us)).due_at is not None
    await work_off(application, provider)
    await work_off(application, provider)
    assert await _found(world, brand.us) == [_SETTLED]
    assert (await credit_of(world.database, brand.us), len(provider.charges)) == (14, 1)
    assert (await _rule(world, brand.us)).due_at is None
    (bought,) = await events_of(api, brand.owner, brand.us.id, "CREDIT_TOPPED_UP")
    assert (bought["actorName"], bought["after"]) == (None, {"amount": "10"})
    query = "query ($id: ID!) { account(id: $id) { topUps { nodes { automatic status amount } } } }"
    shown = (await api.read(query, brand.owner, id=brand.us.id))["account"]["topUps"]["nodes"]
    assert shown == [{"automatic": True, "status": "SETTLED", "amount": "10"}]
    assert await faults_of(world.database, brand.master, brand.us) == []


async def test_a_rule_that_is_set_when_little_is_left_begins_at_once(
    api: Api, application: AsyncEngine, world: World, provider: PracticePayments
) -> None:
    brand, method = await _shop(world)
    wanted = {"accountId": brand.us.id, "paymentMethodId": method.id, "amount": 21, "dailyMaximum": 21}
    for threshold, bought in ((12, 12), (20, 33)):
        await done(api, "topUpRuleUpdate", brand.owner, **wanted, threshold=threshold)
        await work_off(application, provider)
        assert await credit_of(world.database, brand.us) == bought


async def test_no_more_than_the_day_s_maximum(
    api: Api, application: AsyncEngine, world: World, provider: PracticePayments
) -> None:
    """A day in UTC; what was declined does not count."""
    brand, method = await _shop(world, credit=10)
    declined = {"status": TopUpStatus.DECLINED.value, "decline_reason": "no", "answered_at": func.now()}
    row = {"master_id": brand.us.master, "account_id": brand.us.key, "payment_method_id": method.key}
    async with world.database.begin() as connection:
        values = {**row, **declined, "id": new_id(), "automatic": True, "amount": 30}
        await connection.execute(insert(top_ups).values(values))
    for _ in range(4):
        await _spend(api, brand, 10)
        await work_off(application, provider)
    assert Counter(await _found(world, brand.us))[_SETTLED] == 3
    assert await credit_of(world.database, brand.us) == 0
    rule = await _rule(world, brand.us)
    assert rule.due_at == rule.today + datetime.timedelta(days=1)
    async with world.database.begin() as connection:
        passed = {"created_at": func.now() - datetime.timedelta(days=1)}
        await connection.execute(update(top_ups).where(top_ups.c.account_id == brand.us.key).values(passed))
    await _due_now(world, brand.us)
    await work_off(application, provider)
    assert Counter(await _found(world, brand.us))[_SETTLED] == 4


async def test_three_refusals_in_a_row_pause_the_rule(
    api: Api, application: AsyncEngine, world: World, provider: PracticePayments
) -> None:
    """Each an hour after the one before; setting the rule again lets it go on."""
    brand, _ = await _shop(world, "declined")
    await _spend(api, brand, 10)
    for refusals in (1, 2, 3):
        for _ in range(2):
            await work_off(application, provider)
        rule = await _rule(world, brand.us)
        assert (rule.refusals, len(provider.charges)) == (refusals, refusals)
        if refusals < 3:
            wait = rule.due_at - rule.now
            assert datetime.timedelta(minutes=50) < wait <= datetime.timedelta(hours=1)
        await _due_now(world, brand.us)
    assert rule.paused_at is not None
    await _spend(api, brand, 1)
    await work_off(application, provider)
    assert len(provider.charges) == 3
    assert await credit_of(world.database, brand.us) == 1
    kinds = [event["type"] for event in await events_of(api, brand.owner, brand.us.id)]
    declined = ["CREDIT_TOP_UP_DECLINED"] * 3
    assert [kind for kind in kinds if kind != "CREDIT_TRANSFERRED"] == ["TOP_UP_RULE_PAUSED", *declined]
    method = await give_payment_method(world, brand.us)
    values = {"paymentMethodId": method.id, "threshold": 5, "amount": 10, "dailyMaximum": 30}
    shown = "account { topUpRule { refusals pausedAt } }"
    set_again = await done(api, "topUpRuleUpdate", brand.owner, shown, accountId=brand.us.id, **values)
    assert set_again["account"]["topUpRule"] == {"refusals": 0, "pausedAt": None}
    await work_off(application, provider)
    assert await credit_of(world.database, brand.us) == 11


async def test_not_while_the_account_or_one_above_is_suspended(
    api: Api, application: AsyncEngine, world: World, provider: PracticePayments
) -> None:
    brand, _ = await _shop(world)
    await _spend(api, brand, 10)
    await world.set_status(brand.master, AccountStatus.SUSPENDED)
    await work_off(application, provider)
    assert await _found(world, brand.us) == []
    await world.set_status(brand.master, AccountStatus.ACTIVE)
    await _due_now(world, brand.us)
    await work_off(application, provider)
    assert await _found(world, brand.us) == [_SETTLED]


async def test_credit_that_came_meanwhile_makes_it_needless(
    api: Api, application: AsyncEngine, world: World, provider: PracticePayments
) -> None:
    brand, _ = await _shop(world)
    await _spend(api, brand, 10)
    await give_credit(world, brand.us, 3)
    await work_off(application, provider)
    assert (await _found(world, brand.us), (await _rule(world, brand.us)).due_at) == ([], None)


async def test_accounts_that_fill_each_other_buy_no_more_than_their_maximum(
    api: Api, application: AsyncEngine, world: World, provider: PracticePayments
) -> None:
    """T19: a parent that takes everything back from its subaccount, again and again."""
    brand, _ = await _shop(world, credit=5)
    await give_top_up_rule(world, brand.master, await give_payment_method(world, brand.master), (5, 10, 10))
    for _ in range(6):
        there = await credit_of(world.database, brand.us)
        if there:
            await _spend(api, brand, there)
        await work_off(application, provider)
    assert Counter(await _found(world, brand.us)) == {_SETTLED: 3}
    assert await _found(world, brand.master) == []


async def test_what_a_person_bought_is_settled_without_that_person(
    api: Api, application: AsyncEngine, world: World, provider: PracticePayments
) -> None:
    """R44: the answer was lost, or the process died; then the person left. A younger one is left to its
    request."""
    brand, _ = await _shop(world)
    buyer = await world.member(brand.us, BuiltinRole.FINANCE)
    method = await give_payment_method(world, brand.us, "silent")
    wanted = {"accountId": brand.us.id, "paymentMethodId": method.id, "amount": 7, "idempotencyKey": "1"}
    assert await api.refusal("creditTopUp", buyer, **wanted) == "PAYMENTS_UNAVAILABLE"
    await work_off(application, provider)
    assert await _found(world, brand.us) == [("PENDING", False)]
    async with world.database.begin() as connection:
        older = {"created_at": func.now() - datetime.timedelta(minutes=1)}
        await connection.execute(update(top_ups).where(top_ups.c.account_id == brand.us.key).values(older))
    await done(api, "memberRemove", brand.owner, memberId=buyer.id)
    await work_off(application, provider)
    assert await _found(world, brand.us) == [("PENDING", False)], "its first answer is lost"
    await work_off(application, provider)
    assert await _found(world, brand.us) == [("SETTLED", False)]
    assert await credit_of(world.database, brand.us) == 19
    (bought,) = await events_of(api, brand.owner, brand.us.id, "CREDIT_TOPPED_UP")
    assert bought["actorName"] == buyer.person.name


async def test_what_is_spent_while_a_worker_finds_enough(
    api: Api, application: AsyncEngine, world: World, provider: PracticePayments
) -> None:
    """The posting waits for what the worker says of the rule, and says otherwise."""
    brand, _ = await _shop(world)
    async with world.database.begin() as connection:
        mine = update(top_up_rules).where(top_up_rules.c.account_id == brand.us.key)
        await connection.execute(mine.values(due_at=func.now()))
    sessions = WriteSessions(application)
    async with sessions.begin() as worker:
        await begin_top_up(worker, AccountKey(MasterId(brand.us.master), AccountId(brand.us.key)))
        spending = asyncio.create_task(_spend(api, brand, 10))
        assert await waits(spending, world.database)
    await spending
    assert (await _rule(world, brand.us)).due_at is not None
    await work_off(application, provider)
    assert await credit_of(world.database, brand.us) == 12
