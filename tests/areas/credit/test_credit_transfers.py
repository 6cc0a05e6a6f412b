"""Handing credit down the tree and back (R43): what it does, and what it refuses with nothing changed."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.engine.statements import statements
from tests.world.brand import Brand
from tests.world.credit import EURO, balances_of, credit_of, faults_of, give_credit, own_balances
from tests.world.world import Account, World

_DONE = (
    "replayed transaction { id kind memo entries { sequence balance amount balanceAfter } } "
    "fromAccount { credit { balance } } toAccount { credit { balance mode currency pool { id } } }"
)


@pytest.fixture
async def brand(brand: Brand, world: World) -> Brand:
    """With 100 euro in the master account, and a balance of its own in each team."""
    await own_balances(world, brand.us, brand.uk, brand.store)
    await give_credit(world, brand.master, 100 * EURO)
    return brand


def _transfer(source: Account, target: Account, amount: object = 30 * EURO, **more: Any) -> dict[str, Any]:
    between = {"fromAccountId": source.id, "toAccountId": target.id}
    return {**between, "amount": amount, "idempotencyKey": "1", **more}


async def test_credit_goes_down_and_comes_back(api: Api, database: AsyncEngine, brand: Brand) -> None:
    made = await done(
        api, "creditTransfer", brand.owner, _DONE, **_transfer(brand.master, brand.us, memo="  May ")
    )
    transaction_id = made["transaction"].pop("id")
    assert made["replayed"] is False
    assert made["transaction"]["kind"] == "TRANSFER"
    assert made["transaction"]["memo"] == "May"
    assert sorted(entry["amount"] for entry in made["transaction"]["entries"]) == ["-30000000", "30000000"]
    assert made["fromAccount"] == {"credit": {"balance": "70000000"}}
    own = {"balance": "30000000", "mode": "OWN_BALANCE", "currency": "EUR", "pool": {"id": brand.us.id}}
    assert made["toAccount"] == {"credit": own}
    down = _transfer(brand.us, brand.store, "10000000", idempotencyKey="2")
    await done(api, "creditTransfer", brand.owner, **down)
    back = _transfer(brand.store, brand.master, 4 * EURO, idempotencyKey="3")
    await done(api, "creditTransfer", brand.owner, **back)
    found = [await credit_of(database, account) for account in (brand.master, brand.us, brand.store)]
    assert found == [74 * EURO, 20 * EURO, 6 * EURO]
    assert await faults_of(database, brand.master, brand.us, brand.store) == []
    event = (await events_of(api, brand.owner, brand.us.id, "CREDIT_TRANSFERRED"))[-1]
    assert event["subjectId"] == transaction_id
    assert event["after"] == {"from": brand.master.id, "to": brand.us.id, "amount": "30000000"}
    assert event in await events_of(api, brand.owner, brand.us.id)
    assert len(await events_of(api, brand.owner, brand.master.id, "CREDIT_TRANSFERRED")) == 2


async def test_the_same_key_again_moves_nothing(api: Api, database: AsyncEngine, brand: Brand) -> None:
    """T17: also to another account, or by another amount, it is never a second transfer."""
    transfer = _transfer(brand.master, brand.us)
    first = await done(api, "creditTransfer", brand.owner, _DONE, **transfer)
    again = await done(api, "creditTransfer", brand.owner, _DONE, **transfer)
    assert again == first | {"replayed": True}
    for other in ({"amount": 1}, {"memo": "other"}, {"toAccountId": brand.uk.id}):
        code = await code_of(api, "creditTransfer", brand.owner, **(transfer | other))
        assert code == "IDEMPOTENCY_MISMATCH"
    assert await credit_of(database, brand.master) == 70 * EURO
    assert await credit_of(database, brand.uk) == 0


async def test_a_key_is_another_one_for_another_caller(
    api: Api, database: AsyncEngine, brand: Brand, world: World
) -> None:
    other = await world.member(brand.master, BuiltinRole.ADMINISTRATOR)
    for caller in (brand.owner, other):
        await done(api, "creditTransfer", caller, **_transfer(brand.master, brand.us))
    assert await credit_of(database, brand.us) == 60 * EURO


async def test_no_more_than_is_there(api: Api, database: AsyncEngine, brand: Brand, world: World) -> None:
    """The last micro-unit can be spent, one more cannot; what is there is told to those who may see it."""
    blind = await world.role(
        brand.master, "ACCOUNT_READ CREDIT_TRANSFER", "ACCOUNT_READ CREDIT_TRANSFER", "Blind"
    )
    mover = await world.member(brand.master, blind)
    query = """mutation ($input: CreditTransferInput!) { creditTransfer(input: $input) {
      transaction { id } userErrors { code field ... on InsufficientCredit { available } } } }"""
    before = await world.state(brand.master)
    for caller, available in ((brand.owner, "100000000"), (mover, None)):
        too_much = _transfer(brand.master, brand.us, 100 * EURO + 1)
        answer = await api.read(query, caller, input=too_much)
        error = {"code": "INSUFFICIENT_CREDIT", "field": ["input", "amount"], "available": available}
        assert answer["creditTransfer"] == {"transaction": None, "userErrors": [error]}
    assert await world.state(brand.master) == before
    await done(api, "creditTransfer", mover, **_transfer(brand.master, brand.us, 100 * EURO))
    assert await balances_of(database, brand.master) == {"CREDIT": 0, "OUTSIDE": -100 * EURO}


async def test_what_is_refused(api: Api, brand: Brand, world: World) -> None:
    """To itself, beside it, to another tree, to or from what draws from a pool."""
    elsewhere = await world.account()
    await world.member(elsewhere, BuiltinRole.ADMINISTRATOR, brand.owner.person)
    pooled = await world.account(brand.us)
    await give_credit(world, brand.us, EURO)
    before = await world.state(brand.master, elsewhere)
    wrong = {
        "itself": (_transfer(brand.us, brand.us), "BAD_USER_INPUT"),
        "beside it": (_transfer(brand.us, brand.uk, 1), "BAD_USER_INPUT"),
        "a niece": (_transfer(brand.uk, brand.store, 1), "BAD_USER_INPUT"),
        "another tree": (_transfer(brand.master, elsewhere), "BAD_USER_INPUT"),
        "from another tree": (_transfer(elsewhere, brand.master), "BAD_USER_INPUT"),
        "to a pooled one": (_transfer(brand.us, pooled, 1), "FAILED_PRECONDITION"),
        "from a pooled one": (_transfer(pooled, brand.us, 1), "FAILED_PRECONDITION"),
        "nothing": (_transfer(brand.master, brand.us, 0), "BAD_USER_INPUT"),
        "less than nothing": (_transfer(brand.master, brand.us, -1), "BAD_USER_INPUT"),
        "more than at once": (_transfer(brand.master, brand.us, 10**15 + 1), "BAD_USER_INPUT"),
        "beyond 2^53": (_transfer(brand.master, brand.us, str(2**53 + 1)), "BAD_USER_INPUT"),
        "64 bits": (_transfer(brand.master, brand.us, str(2**63 - 1)), "BAD_USER_INPUT"),
        "no memo": (_transfer(brand.master, brand.us, memo="  "), "BAD_USER_INPUT"),
        "no key": (_transfer(brand.master, brand.us, idempotencyKey=""), "BAD_USER_INPUT"),
    }
    found = {
        name: await code_of(api, "creditTransfer", brand.owner, **given) for name, (given, _) in wrong.items()
    }
    assert found == {name: code for name, (_, code) in wrong.items()}
    assert await world.state(brand.master, elsewhere) == before


@pytest.mark.parametrize(
    ("status", "code"),
    [(AccountStatus.SUSPENDED, "ACCOUNT_SUSPENDED"), (AccountStatus.CLOSED, "ACCOUNT_CLOSED")],
)
async def test_neither_to_nor_from_what_is_not_active(
    api: Api, brand: Brand, world: World, status: AccountStatus, code: str
) -> None:
    """T7: nor through an account above it."""
    await give_credit(world, brand.store, EURO)
    await world.set_status(brand.us, status)
    before = await world.state(brand.master)
    for source, target in (
        (brand.master, brand.us),
        (brand.master, brand.store),
        (brand.store, brand.master),
        (brand.us, brand.store),
    ):
        assert await code_of(api, "creditTransfer", brand.owner, **_transfer(source, target, 1)) == code
    assert await world.state(brand.master) == before
    assert await code_of(api, "creditTransfer", brand.owner, **_transfer(brand.master, brand.uk)) == ""


async def test_nothing_flows_up_by_those_below(api: Api, brand: Brand, world: World) -> None:
    """T1, T3: who has rights in a subaccount alone takes nothing from above, nor gives to it."""
    below = await world.member(brand.us, BuiltinRole.OWNER)
    finance = await world.member(brand.master, BuiltinRole.FINANCE)
    await give_credit(world, brand.us, EURO)
    before = await world.state(brand.master)
    for caller in (below, finance):
        for source, target in ((brand.master, brand.us), (brand.us, brand.master)):
            refused = await attempt(api, "creditTransfer", caller, **_transfer(source, target, 1))
            assert refused.code == "NOT_FOUND"
    assert await world.state(brand.master) == before
    await done(api, "creditTransfer", below, **_transfer(brand.us, brand.store, 1))


async def test_how_many_statements_a_transfer_takes(api: Api, brand: Brand) -> None:
    """The door, the key, the posting, the log of both; the payload holds nothing that SQL would answer."""
    await done(api, "creditTransfer", brand.owner, "replayed", **_transfer(brand.master, brand.us))
    again = _transfer(brand.master, brand.us, idempotencyKey="another")
    with statements() as sent:
        await done(api, "creditTransfer", brand.owner, "replayed", **again)
    assert len(sent) == 4, sent
