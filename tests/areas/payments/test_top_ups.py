"""Buying credit with an account's own payment data (R44); the provider may refuse, be slow or fall silent."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.payments.tables import top_ups
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
    own_balances,
)
from tests.world.world import Account, Member, World

_DONE = (
    "replayed topUp { id amount status declineReason answeredAt paymentMethod { label } "
    "transaction { kind entries { balance amount } } }"
)


@pytest.fixture
async def finance(brand: Brand, world: World) -> Member:
    """Of a team with a balance of its own."""
    await own_balances(world, brand.us)
    return await world.member(brand.us, BuiltinRole.FINANCE)


def _buy(account: Account, method_id: str, amount: object = EURO, key: str = "1") -> dict[str, Any]:
    wanted = {"accountId": account.id, "paymentMethodId": method_id}
    return {**wanted, "amount": amount, "idempotencyKey": key}


async def test_a_subaccount_pays_for_itself(
    api: Api, database: AsyncEngine, brand: Brand, finance: Member
) -> None:
    """R44: with a reference at the provider; nothing else is ever stored, or shown."""
    given = {"accountId": brand.us.id, "reference": "pm_1NirD82eZvKYlo2C", "label": "Visa 4242"}
    added = await done(api, "paymentMethodAdd", finance, "paymentMethod { id label removedAt }", **given)
    method = added["paymentMethod"]
    assert method == {"id": method["id"], "label": "Visa 4242", "removedAt": None}
    bought = await done(api, "creditTopUp", finance, _DONE, **_buy(brand.us, method["id"]))
    top_up = bought["topUp"]
    assert (top_up["amount"], top_up["status"]) == ("1000000", "SETTLED")
    entries = [{"balance": "CREDIT", "amount": "1000000"}, {"balance": "OUTSIDE", "amount": "-1000000"}]
    assert top_up["transaction"] == {"kind": "TOP_UP", "entries": entries}
    assert await balances_of(database, brand.us) == {"CREDIT": EURO, "OUTSIDE": -EURO}
    event = await last_event(api, brand.owner, brand.us.id)
    assert (event["type"], event["subjectId"]) == ("CREDIT_TOPPED_UP", top_up["id"])
    again = await done(api, "creditTopUp", finance, _DONE, **_buy(brand.us, method["id"]))
    assert again == bought | {"replayed": True}
    assert await credit_of(database, brand.us) == EURO
    query = (
        "query ($id: ID!) { account(id: $id) { topUps { nodes { id } } paymentMethods { nodes { id } } } }"
    )
    shown = (await api.read(query, finance, id=brand.us.id))["account"]
    assert shown == {
        "topUps": {"nodes": [{"id": top_up["id"]}]},
        "paymentMethods": {"nodes": [{"id": method["id"]}]},
    }
    assert await faults_of(database, brand.us) == []


async def test_a_provider_that_declines(
    api: Api, database: AsyncEngine, brand: Brand, finance: Member, world: World
) -> None:
    """The same key asks no second time; nothing is in the books."""
    method = await give_payment_method(world, brand.us, "declined")
    for _ in range(2):
        refused = await attempt(api, "creditTopUp", finance, _DONE, **_buy(brand.us, method.id))
        assert refused.code == "PAYMENT_DECLINED"
        assert refused.user_error is not None
        assert "card refused" in refused.user_error["message"]
        assert refused.payload["topUp"] is None
    query = "query ($id: ID!) { account(id: $id) { topUps { nodes { status declineReason } } } }"
    shown = (await api.read(query, finance, id=brand.us.id))["account"]["topUps"]["nodes"]
    assert shown == [{"status": "DECLINED", "declineReason": "card refused"}]
    assert await balances_of(database, brand.us) == {}
    kinds = [event["type"] for event in await events_of(api, brand.owner, brand.us.id)]
    assert kinds == ["CREDIT_TOP_UP_DECLINED"]


async def test_an_answer_that_gets_lost(
    api: Api, database: AsyncEngine, brand: Brand, finance: Member, world: World
) -> None:
    """As when the process dies while it waits: it stays pending, and the same key settles it, once."""
    method = await give_payment_method(world, brand.us, "silent")
    code = await code_of(api, "creditTopUp", finance, **_buy(brand.us, method.id))
    assert code == "PAYMENTS_UNAVAILABLE"
    statement = select(top_ups.c.status).where(top_ups.c.account_id == brand.us.key)
    async with database.connect() as connection:
        assert (await connection.execute(statement)).scalars().all() == ["PENDING"]
    assert await balances_of(database, brand.us) == {}
    other = await code_of(api, "creditTopUp", finance, **_buy(brand.us, method.id, 2 * EURO))
    assert other == "IDEMPOTENCY_MISMATCH"
    for _ in range(2):
        bought = await done(api, "creditTopUp", finance, _DONE, **_buy(brand.us, method.id))
        assert (bought["replayed"], bought["topUp"]["status"]) == (True, "SETTLED")
    assert await credit_of(database, brand.us) == EURO


async def test_what_is_refused(api: Api, brand: Brand, finance: Member, world: World) -> None:
    """What is not the account's own to pay with; an account without a balance of its own; wrong amounts."""
    above, removed = (
        await give_payment_method(world, brand.master),
        await give_payment_method(world, brand.us),
    )
    own, pooled = await give_payment_method(world, brand.us), await give_payment_method(world, brand.uk)
    await done(api, "paymentMethodRemove", finance, paymentMethodId=removed.id)
    before = await world.state(brand.master)
    wrong = {
        "of an account above": (_buy(brand.us, above.id), "NOT_FOUND"),
        "removed": (_buy(brand.us, removed.id), "NOT_FOUND"),
        "from a pool": (_buy(brand.uk, pooled.id), "FAILED_PRECONDITION"),
        "nothing": (_buy(brand.us, own.id, 0), "BAD_USER_INPUT"),
        "less than nothing": (_buy(brand.us, own.id, -1), "BAD_USER_INPUT"),
        "too much at once": (_buy(brand.us, own.id, str(10**15 + 1)), "BAD_USER_INPUT"),
        "no key": (_buy(brand.us, own.id, key=""), "BAD_USER_INPUT"),
    }
    found = {
        name: await code_of(api, "creditTopUp", brand.owner, **given) for name, (given, _) in wrong.items()
    }
    assert found == {name: code for name, (_, code) in wrong.items()}
    assert await world.state(brand.master) == before


@pytest.mark.parametrize(
    "number", ["4242424242424242", "4242 4242 4242 4242", "card 5555-5555-5555-4444", "378282246310005"]
)
@pytest.mark.parametrize("field", ["reference", "label"])
async def test_card_numbers_never_get_in(
    api: Api, brand: Brand, finance: Member, world: World, number: str, field: str
) -> None:
    right = {"accountId": brand.us.id, "reference": "pm_1", "label": "Visa 4242"}
    before = await world.state(brand.master)
    code = await code_of(api, "paymentMethodAdd", finance, **(right | {field: number}))
    assert code == "BAD_USER_INPUT"
    assert await world.state(brand.master) == before
    await done(
        api, "paymentMethodAdd", finance, **(right | {field: number.replace("2", "1").replace("5", "6")})
    )


async def test_a_balance_has_a_limit(
    api: Api, database: AsyncEngine, brand: Brand, finance: Member, world: World
) -> None:
    """What was paid must fit into 64 bits."""
    await give_credit(world, brand.us, 4 * 10**18)
    method = await give_payment_method(world, brand.us)
    assert await code_of(api, "creditTopUp", finance, **_buy(brand.us, method.id, 1)) == "BAD_USER_INPUT"
    assert await credit_of(database, brand.us) == 4 * 10**18


async def test_a_removed_method_is_still_named_by_what_it_paid(
    api: Api, brand: Brand, finance: Member, world: World
) -> None:
    method = await give_payment_method(world, brand.us)
    await done(api, "creditTopUp", finance, **_buy(brand.us, method.id))
    for _ in range(2):
        removed = await done(
            api, "paymentMethodRemove", finance, "paymentMethod { removedAt }", paymentMethodId=method.id
        )
        assert removed["paymentMethod"]["removedAt"] is not None
    kinds = [event["type"] for event in await events_of(api, brand.owner, brand.us.id)]
    assert kinds == ["PAYMENT_METHOD_REMOVED", "CREDIT_TOPPED_UP"]
    query = """query ($id: ID!) { account(id: $id) { paymentMethods { totalCount }
      topUps { nodes { paymentMethod { label } } } } }"""
    shown = (await api.read(query, finance, id=brand.us.id))["account"]
    assert shown == {
        "paymentMethods": {"totalCount": 0},
        "topUps": {"nodes": [{"paymentMethod": {"label": "Card"}}]},
    }
