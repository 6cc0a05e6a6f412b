"""Whose credit a subaccount spends, and what becomes of its own when that changes (R19, R28, R43, T18)."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from models.credit.tables import BalanceKind
from models.payments.tables import TopUpStatus
from tests.areas.effects.log import events_of, last_event
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.world.brand import Brand
from tests.world.credit import (
    EURO,
    balances_of,
    credit_of,
    faults_of,
    give_credit,
    give_payment_method,
    give_top_up,
    give_top_up_rule,
    move_credit,
)
from tests.world.plans import make_plan, subscribe
from tests.world.sends import let_expire, reserved
from tests.world.world import Account, World

_SHOWN = "account { version credit { mode balance pool { id } } }"


def _mode(account: Account, mode: str) -> dict[str, str]:
    return {"accountId": account.id, "mode": mode}


async def test_it_goes_both_ways_and_settles(api: Api, database: AsyncEngine, brand: Brand) -> None:
    """A new balance begins empty; what is left goes to the nearest balance above."""
    own = await done(api, "creditModeUpdate", brand.owner, _SHOWN, **_mode(brand.us, "OWN_BALANCE"))
    empty = {"mode": "OWN_BALANCE", "balance": "0", "pool": {"id": brand.us.id}}
    assert own["account"] == {"version": 2, "credit": empty}
    again = await done(api, "creditModeUpdate", brand.owner, _SHOWN, **_mode(brand.us, "OWN_BALANCE"))
    assert again == own
    await done(api, "creditModeUpdate", brand.owner, _SHOWN, **_mode(brand.store, "OWN_BALANCE"))
    world = World(database)
    await give_credit(world, brand.store, 5 * EURO)
    shared = await done(api, "creditModeUpdate", brand.owner, _SHOWN, **_mode(brand.store, "SHARED_POOL"))
    pooled = {"mode": "SHARED_POOL", "balance": "0", "pool": {"id": brand.us.id}}
    assert shared["account"] == {"version": 3, "credit": pooled}
    event = await last_event(api, brand.owner, brand.store.id)
    assert (event["type"], event["before"]) == ("CREDIT_MODE_CHANGED", {"mode": "OWN_BALANCE"})
    assert event["after"] == {"mode": "SHARED_POOL", "settled": "5000000"}
    assert await balances_of(database, brand.store) == {"OUTSIDE": -5 * EURO, "CREDIT": 0}
    assert await credit_of(database, brand.us) == 5 * EURO
    await done(api, "creditModeUpdate", brand.owner, **_mode(brand.us, "SHARED_POOL"))
    assert [await credit_of(database, account) for account in (brand.us, brand.master)] == [0, 5 * EURO]
    assert await faults_of(database, brand.master, brand.us, brand.store) == []


async def test_who_decides(api: Api, brand: Brand, world: World) -> None:
    """It is about the credit of the account above: those of the subaccount alone do not decide it."""
    inside = await world.member(brand.us, BuiltinRole.OWNER)
    guest = await world.member(brand.us, BuiltinRole.FINANCE)
    middle = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    before = await world.state(brand.master)
    for caller in (inside, guest):
        code = await code_of(api, "creditModeUpdate", caller, **_mode(brand.us, "OWN_BALANCE"))
        assert code == "POOL_ACCOUNT_REQUIRED"
    code = await code_of(api, "creditModeUpdate", middle, **_mode(brand.store, "OWN_BALANCE"))
    assert code == "POOL_ACCOUNT_REQUIRED", "the pool is the master account's"
    assert await world.state(brand.master) == before
    await done(api, "creditModeUpdate", brand.owner, **_mode(brand.us, "OWN_BALANCE"))
    await done(api, "creditModeUpdate", middle, **_mode(brand.store, "OWN_BALANCE"))


async def test_what_is_refused(api: Api, brand: Brand, world: World) -> None:
    """A master account; credit that is reserved; a top-up that is under way."""
    for account in (brand.us, brand.uk):
        await done(api, "creditModeUpdate", brand.owner, **_mode(account, "OWN_BALANCE"))
        await give_credit(world, account, EURO)
    await move_credit(world, brand.us, brand.us, 1, None, BalanceKind.RESERVED)
    await give_top_up(world, brand.uk, TopUpStatus.PENDING)
    before = await world.state(brand.master)
    master = await code_of(api, "creditModeUpdate", brand.owner, **_mode(brand.master, "SHARED_POOL"))
    assert master == "FAILED_PRECONDITION"
    for account, kind, amount in (
        (brand.us, "CREDIT_RESERVED", "1"),
        (brand.uk, "TOP_UP_PENDING", str(EURO)),
    ):
        for dry_run in (True, False):
            refused = await attempt(
                api, "creditModeUpdate", brand.owner, **_mode(account, "SHARED_POOL"), dryRun=dry_run
            )
            assert refused.code == "ACCOUNT_NOT_SETTLED"
            assert refused.user_error is not None
            (obstacle,) = refused.user_error["obstacles"]
            assert (obstacle["kind"], obstacle["amount"]) == (kind, amount)
    assert await world.state(brand.master) == before


async def test_a_dry_run_tells_where_credit_would_go(api: Api, brand: Brand, world: World) -> None:
    """What it tells is what then happens; what has lapsed is given back before."""
    await done(api, "creditModeUpdate", brand.owner, **_mode(brand.us, "OWN_BALANCE"))
    await subscribe(world, brand.master, await make_plan(world, sends=1, send_price=EURO))
    await give_credit(world, brand.us, 5 * EURO)
    await give_top_up_rule(world, brand.us, await give_payment_method(world, brand.us))
    await reserved(api, brand.owner, brand.us, "ann", "bob")
    await let_expire(world.database, brand.us)
    before = await world.state(brand.master)
    shown = "effects { kind count amount toAccountId }"
    pooled = _mode(brand.us, "SHARED_POOL")
    tried = await done(api, "creditModeUpdate", brand.owner, shown, **pooled, dryRun=True)
    assert await world.state(brand.master) == before
    assert tried["effects"] == [
        {"kind": "TOP_UP_RULE_ENDED", "count": 1, "amount": None, "toAccountId": None},
        {"kind": "CREDIT_SETTLED", "count": 1, "amount": str(5 * EURO), "toAccountId": brand.master.id},
    ]
    assert await done(api, "creditModeUpdate", brand.owner, shown, **pooled) == tried
    assert await credit_of(world.database, brand.master) == 5 * EURO
    assert await faults_of(world.database, brand.master, brand.us) == []
    events = await events_of(api, brand.owner, brand.master.id)
    assert [event["type"] for event in events] == ["CREDIT_SETTLED"]


@pytest.mark.parametrize("which", ["us", "master"])
async def test_not_while_it_or_what_is_above_is_suspended(
    api: Api, brand: Brand, world: World, which: str
) -> None:
    await world.set_status(getattr(brand, which), AccountStatus.SUSPENDED)
    before = await world.state(brand.master)
    code = await code_of(api, "creditModeUpdate", brand.owner, **_mode(brand.us, "OWN_BALANCE"))
    assert code == "ACCOUNT_SUSPENDED"
    assert await world.state(brand.master) == before
