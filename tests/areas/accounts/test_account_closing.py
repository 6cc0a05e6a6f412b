"""Closing an account settles what it holds: nothing is locked in, nobody pays for it unawares (T16, T18)."""

import datetime
import importlib
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus, ParentAccess
from models.base.ids import Kind, parse
from models.budgets.tables import BudgetCurrency, budgets
from models.payments.tables import TopUpStatus, payment_methods
from models.payments.top_up_rules import top_up_rules
from models.plans.tables import plan_choices
from models.sending.tables import send_reservations
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.links import ask
from tests.client.mutations import ROLE_IDS, Attempt, attempt, code_of, done
from tests.world.brand import Brand
from tests.world.budgets import set_budget
from tests.world.credit import (
    EURO,
    balances_of,
    credit_of,
    faults_of,
    give_credit,
    give_payment_method,
    give_top_up,
    give_top_up_rule,
    own_balances,
)
from tests.world.ownership import give_offer
from tests.world.plans import STARTER, choose, make_plan, subscribe
from tests.world.sends import booking, check_counts, reserve, reserved, settle, used
from tests.world.world import Account, World

_SHOWN = "account { status } effects { kind count amount toAccountId } accessChanges { lost }"


def _effect(kind: str, amount: int | None = None, count: int = 1, to: Account | None = None) -> Any:
    to_id = None if to is None else to.id
    told = None if amount is None else str(amount)
    return {"kind": kind, "count": count, "amount": told, "toAccountId": to_id}


@pytest.fixture
async def paying(brand: Brand, world: World) -> Brand:
    """A plan with one send of the brand's, further ones cost a euro; ten euro of its own in two teams."""
    plan = await make_plan(world, active_contacts=50, sends=1, send_price=EURO)
    await subscribe(world, brand.master, plan)
    await own_balances(world, brand.us, brand.store)
    for account in (brand.us, brand.store):
        await give_credit(world, account, 10 * EURO)
    return brand


async def _close(api: Api, brand: Brand, account: Account, **more: Any) -> Attempt:
    return await attempt(api, "accountClose", brand.owner, _SHOWN, accountId=account.id, **more)


async def test_all_that_it_holds_is_settled_as_the_dry_run_says(
    api: Api, paying: Brand, world: World, database: AsyncEngine
) -> None:
    """Of every kind that an account can hold one; and it is suspended, as one is that is to be closed."""
    store = paying.store
    committed, booked = [
        await reserved(api, paying.owner, store, *names) for names in (("ann", "bob"), ("cy",))
    ]
    assert await settle(api, paying.owner, "sendCommit", committed) == ""
    lapsed = await reserved(api, paying.owner, store, "eve")
    await _let_lapse(database, lapsed)
    for _ in range(2):
        await give_top_up_rule(world, store, await give_payment_method(world, store))
    now = datetime.datetime.now(datetime.UTC)
    own = await make_plan(world, price=7 * EURO)
    await subscribe(world, store, own, "UTC", now)
    await choose(world, store, STARTER, now + datetime.timedelta(days=3))
    await set_budget(world, store, 100, 10)
    offer = {"roleId": ROLE_IDS[BuiltinRole.ANALYST], "email": "zoe@example.com", "idempotencyKey": "1"}
    await done(api, "memberInvite", paying.owner, accountId=store.id, **offer)
    taker = await world.member(store, BuiltinRole.ANALYST)
    await give_offer(world, store, taker, paying.owner.person)
    await ask(world, store, ParentAccess.NONE, paying.owner.person, from_above=False)
    await world.set_status(store, AccountStatus.SUSPENDED)

    before = await world.state(paying.master)
    tried = await _close(api, paying, store, dryRun=True)
    assert await world.state(paying.master) == before
    assert tried.payload["effects"] == [
        _effect("SENDS_VOIDED"),
        _effect("TOP_UP_RULE_ENDED"),
        _effect("PAYMENT_METHODS_REMOVED", count=2),
        _effect("PLAN_WITHDRAWN"),
        _effect("PLAN_CHARGED", 7 * EURO),
        _effect("SEND_BUDGET_ENDED"),
        _effect("CREDIT_SETTLED", 9 * EURO, to=paying.us),
        _effect("INVITATIONS_REVOKED"),
        _effect("OWNERSHIP_OFFER_WITHDRAWN"),
        _effect("PARENT_ACCESS_REQUEST_ENDED"),
    ]
    assert tried.payload["accessChanges"]
    closed = await _close(api, paying, store)
    assert closed.payload["account"] == {"status": "CLOSED"}
    assert closed.payload["effects"] == tried.payload["effects"]

    assert await balances_of(database, store) == {"OUTSIDE": -9 * EURO, "CREDIT": 0, "RESERVED": 0}
    assert await credit_of(database, paying.us) == 19 * EURO
    assert await faults_of(database, paying.master, paying.us, store) == []
    assert await _statuses(database, store) == ["COMMITTED", "VOIDED", "EXPIRED"]
    assert await used(api, paying.owner, paying.us) == (2, 2), "what was committed stays counted"
    await check_counts(database, paying.master)
    assert await _left_in(database, store) == []
    kinds = [event["type"] for event in await events_of(api, paying.owner, store.id)]
    assert kinds[:1] == ["ACCOUNT_CLOSED"]
    assert {"CREDIT_SETTLED", "SEND_VOIDED", "PAYMENT_METHOD_REMOVED", "INVITATION_REVOKED"} <= set(kinds)
    assert kinds.count("PAYMENT_METHOD_REMOVED") == 2
    above = await events_of(api, paying.owner, paying.us.id)
    assert [event["type"] for event in above] == ["CREDIT_SETTLED"], "whose credit grew is told"
    assert await settle(api, paying.owner, "sendCommit", booked) == "ACCOUNT_CLOSED"


async def test_a_top_up_that_waits_stands_in_the_way(api: Api, paying: Brand, world: World) -> None:
    """The provider may still be paid: until it answers, nobody knows how much there is."""
    await give_top_up(world, paying.store, TopUpStatus.PENDING)
    before = await world.state(paying.master)
    for dry_run in (True, False):
        refused = await _close(api, paying, paying.store, dryRun=dry_run)
        assert refused.code == "ACCOUNT_NOT_SETTLED"
        assert refused.user_error is not None
        assert refused.user_error["field"] == ["input", "accountId"]
        assert refused.user_error["obstacles"] == [
            {"kind": "TOP_UP_PENDING", "count": 1, "amount": str(EURO)}
        ]
    assert await world.state(paying.master) == before


async def test_a_master_accounts_credit_is_given_up_by_saying_how_much(
    api: Api, world: World, database: AsyncEngine
) -> None:
    """Nobody stands above it who could have it. More than was said is never lost, such as what came since."""
    master = await world.account()
    owner = await world.member(master, BuiltinRole.OWNER)
    child = await world.account(master)
    await give_credit(world, master, 5 * EURO)
    before = await world.state(master)
    closing = {"accountId": master.id}
    assert await code_of(api, "accountClose", owner, **closing, forfeitCredit="99") == "HAS_SUBACCOUNTS"
    bad = {"accountId": child.id, "forfeitCredit": "1"}
    assert await code_of(api, "accountClose", owner, **bad) == "BAD_USER_INPUT"
    assert await code_of(api, "accountClose", owner, **closing, forfeitCredit="-1") == "BAD_USER_INPUT"
    assert await world.state(master) == before
    await done(api, "accountClose", owner, accountId=child.id)
    before = await world.state(master)
    for less in ({}, {"forfeitCredit": "0"}, {"forfeitCredit": str(5 * EURO - 1)}):
        refused = await attempt(api, "accountClose", owner, **closing, **less)
        assert refused.user_error is not None
        assert refused.user_error["obstacles"] == [
            {"kind": "CREDIT_LEFT", "count": 1, "amount": str(5 * EURO)}
        ]
    assert await world.state(master) == before
    closed = await done(api, "accountClose", owner, _SHOWN, **closing, forfeitCredit=str(5 * EURO))
    assert closed["effects"] == [_effect("CREDIT_FORFEITED", 5 * EURO)]
    assert await balances_of(database, master) == {"OUTSIDE": 0, "CREDIT": 0}
    assert await faults_of(database, master) == []
    query = "query ($id: ID!) { account(id: $id) { ledgerEntries { nodes { transaction { kind } } } } }"
    entries = (await api.read(query, owner, id=master.id))["account"]["ledgerEntries"]["nodes"]
    assert {entry["transaction"]["kind"] for entry in entries} == {"TOP_UP", "FORFEITURE"}


async def test_amounts_and_accounts_are_for_those_who_may_see_them(
    api: Api, paying: Brand, world: World
) -> None:
    """Its own owner does not reach the pool; who may close and not see credit is told no amount."""
    inside = await world.member(paying.store, BuiltinRole.OWNER)
    role = await world.role(paying.store, "ACCOUNT_READ ACCOUNT_CLOSE", "ACCOUNT_READ")
    blind = await world.member(paying.store, role)
    values = {"accountId": paying.store.id, "dryRun": True}
    for caller, amount in ((inside, str(10 * EURO)), (blind, None)):
        tried = await done(api, "accountClose", caller, _SHOWN, **values)
        (settled,) = tried["effects"]
        assert settled == _effect("CREDIT_SETTLED") | {"amount": amount}


async def test_what_was_kept_for_it_is_free_again(api: Api, paying: Brand, world: World) -> None:
    """A guarantee of the pool's credit, and what the account had booked on it."""
    await give_credit(world, paying.master, 10 * EURO)
    await set_budget(world, paying.uk, None, 10 * EURO, BudgetCurrency.CREDIT)
    await reserved(api, paying.owner, paying.uk, "ann", "bob")
    assert (await reserve(api, paying.owner, paying.master, "cy")).code == "INSUFFICIENT_CREDIT"
    closed = await _close(api, paying, paying.uk)
    assert closed.payload["effects"] == [_effect("SENDS_VOIDED"), _effect("CREDIT_BUDGET_ENDED")]
    names = [f"n{number}" for number in range(11)]
    assert (await reserve(api, paying.owner, paying.master, *names)).done


async def test_no_credit_gets_into_a_closed_account(api: Api, paying: Brand, world: World) -> None:
    """By none of the ways that there are; nor does anything that would buy some."""
    method = await give_payment_method(world, paying.store)
    assert (await _close(api, paying, paying.store)).done
    before = await world.state(paying.master)
    of_store, once = {"accountId": paying.store.id}, {"idempotencyKey": "1"}
    paid = {"paymentMethodId": method.id}
    for field, values in (
        (
            "creditTransfer",
            {"fromAccountId": paying.us.id, "toAccountId": paying.store.id, "amount": 1, **once},
        ),
        ("creditTopUp", {**of_store, **paid, "amount": 1, **once}),
        ("creditModeUpdate", {**of_store, "mode": "SHARED_POOL"}),
        ("paymentMethodAdd", {**of_store, "reference": "paid", "label": "Card"}),
        ("topUpRuleUpdate", {**of_store, **paid, "threshold": 5, "amount": 10, "dailyMaximum": 30}),
        ("sendReserve", booking(paying.store, "ann")),
    ):
        assert await code_of(api, field, paying.owner, **values) == "ACCOUNT_CLOSED", field
    assert await world.state(paying.master) == before


async def test_the_migration_settles_what_was_closed_before(
    paying: Brand, world: World, database: AsyncEngine
) -> None:
    """Of a branch, both go to the nearest account that is open; nothing is left that would go on."""
    method = await give_payment_method(world, paying.store)
    await give_top_up_rule(world, paying.store, method, (20 * EURO, 30 * EURO, 30 * EURO))
    await set_budget(world, paying.store, 100, 10)
    for account in (paying.us, paying.store):
        await world.set_status(account, AccountStatus.CLOSED)
    migration = importlib.import_module("migrations.versions.0027_forfeited_credit")
    async with database.begin() as connection:
        for statement in (*migration.END_WHAT_WAITS, migration.SETTLE):
            await connection.execute(text(statement))
    tree = (paying.master, paying.us, paying.store)
    assert [await credit_of(database, account) for account in tree] == [20 * EURO, 0, 0]
    assert await faults_of(database, *tree) == []
    assert await _left_in(database, paying.store) == []


async def _let_lapse(database: AsyncEngine, reservation_id: str) -> None:
    reservation = send_reservations.c
    this = reservation.id == parse(Kind.SEND_RESERVATION, reservation_id)
    lapsed = update(send_reservations).where(this).values(expires_at=reservation.created_at)
    async with database.begin() as connection:
        await connection.execute(lapsed)


async def _statuses(database: AsyncEngine, account: Account) -> list[str]:
    reservation = send_reservations.c
    statement = select(reservation.status).where(reservation.account_id == account.key)
    async with database.connect() as connection:
        return list((await connection.execute(statement.order_by(reservation.id))).scalars())


async def _left_in(database: AsyncEngine, account: Account) -> list[Any]:
    """What of it would go on by itself."""
    waiting = (
        plan_choices.c.withdrawn_at.is_(None),
        plan_choices.c.holds_from > datetime.datetime.now(datetime.UTC),
    )
    statements = [
        select(budgets.c.currency).where(budgets.c.account_id == account.key),
        select(top_up_rules.c.account_id).where(top_up_rules.c.account_id == account.key),
        select(payment_methods.c.id).where(
            payment_methods.c.account_id == account.key, payment_methods.c.removed_at.is_(None)
        ),
        select(plan_choices.c.id).where(plan_choices.c.account_id == account.key, *waiting),
    ]
    async with database.connect() as connection:
        return [row for statement in statements for row in await connection.execute(statement)]


async def test_whose_membership_ends_is_told_the_amounts_all_the_same(
    api: Api, paying: Brand, world: World
) -> None:
    """What somebody may see is not what somebody may pass on."""
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    member = await world.member(paying.master, BuiltinRole.ADMINISTRATOR, expires_at=tomorrow)
    would = await attempt(api, "accountClose", member, _SHOWN, accountId=paying.store.id, dryRun=True)
    assert would.done, would
    told = {effect["kind"]: effect["amount"] for effect in would.payload["effects"]}
    assert told["CREDIT_SETTLED"] == str(10 * EURO)
