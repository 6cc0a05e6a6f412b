"""The rule by which credit is bought by itself: what it may say, and when it ends (N10, T19)."""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import code_of, done
from tests.world.brand import Brand
from tests.world.credit import (
    EURO,
    PaymentMethod,
    give_credit,
    give_payment_method,
    give_top_up_rule,
    own_balances,
)
from tests.world.world import Account, Member, World

_RULE = "topUpRule { threshold amount dailyMaximum paymentMethod { id } refusals pausedAt }"
_SEEN = f"query ($id: ID!) {{ account(id: $id) {{ {_RULE} }} }}"


@pytest.fixture
async def finance(brand: Brand, world: World) -> Member:
    """Of a team with a balance of its own, of one euro."""
    await own_balances(world, brand.us)
    await give_credit(world, brand.us, EURO)
    return await world.member(brand.us, BuiltinRole.FINANCE)


def _rule(account: Account, method: PaymentMethod, **other: object) -> dict[str, Any]:
    amounts = {"threshold": EURO, "amount": 2 * EURO, "dailyMaximum": 6 * EURO}
    return {"accountId": account.id, "paymentMethodId": method.id, **amounts, **other}


async def test_it_is_set_changed_and_removed(api: Api, brand: Brand, finance: Member, world: World) -> None:
    first, second = [await give_payment_method(world, brand.us) for _ in range(2)]
    await done(api, "topUpRuleUpdate", finance, **_rule(brand.us, first))
    changed = _rule(brand.us, second, amount=str(3 * EURO))
    made = await done(api, "topUpRuleUpdate", finance, f"account {{ {_RULE} }}", **changed)
    amounts = {"threshold": "1000000", "amount": "3000000", "dailyMaximum": "6000000"}
    shown = {**amounts, "paymentMethod": {"id": second.id}, "refusals": 0, "pausedAt": None}
    assert made["account"]["topUpRule"] == shown
    for _ in range(2):
        removed = await done(api, "topUpRuleRemove", finance, f"account {{ {_RULE} }}", accountId=brand.us.id)
        assert removed["account"]["topUpRule"] is None
    logged = [
        (event["type"], event["before"], event["after"])
        for event in await events_of(api, brand.owner, brand.us.id)
    ]
    then = {**amounts, "amount": "2000000", "paymentMethodId": first.id}
    now = {**amounts, "paymentMethodId": second.id}
    assert logged == [
        ("TOP_UP_RULE_REMOVED", now, None),
        ("TOP_UP_RULE_UPDATED", then, now),
        ("TOP_UP_RULE_UPDATED", None, then),
    ]


async def test_what_is_refused(api: Api, brand: Brand, finance: Member, world: World) -> None:
    """What would begin another top-up by itself; what is not the account's own; wrong amounts (T19)."""
    above, removed = [await give_payment_method(world, account) for account in (brand.master, brand.us)]
    own, pooled = [await give_payment_method(world, account) for account in (brand.us, brand.uk)]
    await done(api, "paymentMethodRemove", finance, paymentMethodId=removed.id)
    before = await world.state(brand.master)
    wrong = {
        "no more than the threshold": (_rule(brand.us, own, amount=EURO), "BAD_USER_INPUT", "amount"),
        "more than the day's": (_rule(brand.us, own, dailyMaximum=EURO), "BAD_USER_INPUT", "dailyMaximum"),
        "below nothing": (_rule(brand.us, own, threshold=0), "BAD_USER_INPUT", "threshold"),
        "too much": (_rule(brand.us, own, amount=str(10**15 + 1)), "BAD_USER_INPUT", "amount"),
        "too much a day": (
            _rule(brand.us, own, dailyMaximum=str(10**15 + 1)),
            "BAD_USER_INPUT",
            "dailyMaximum",
        ),
        "of an account above": (_rule(brand.us, above), "NOT_FOUND", "paymentMethodId"),
        "removed": (_rule(brand.us, removed), "NOT_FOUND", "paymentMethodId"),
        "from a pool": (_rule(brand.uk, pooled), "FAILED_PRECONDITION", "accountId"),
    }
    found = {}
    for name, (given, _, _) in wrong.items():
        payload = await api.change("topUpRuleUpdate", brand.owner, **given)
        (error,) = payload["userErrors"]
        found[name] = (given, error["code"], error["field"][-1])
    assert found == wrong
    assert await world.state(brand.master) == before
    await done(api, "topUpRuleUpdate", brand.owner, **_rule(brand.us, own))


async def test_it_ends_with_its_payment_method(api: Api, brand: Brand, finance: Member, world: World) -> None:
    paid, other = [await give_payment_method(world, brand.us) for _ in range(2)]
    await give_top_up_rule(world, brand.us, paid)
    await done(api, "paymentMethodRemove", finance, paymentMethodId=other.id)
    kept = (await api.read(_SEEN, finance, id=brand.us.id))["account"]["topUpRule"]
    assert kept["paymentMethod"] == {"id": present(Kind.PAYMENT_METHOD, paid.key)}
    await done(api, "paymentMethodRemove", finance, paymentMethodId=paid.id)
    assert (await api.read(_SEEN, finance, id=brand.us.id))["account"]["topUpRule"] is None
    kinds = [event["type"] for event in await events_of(api, brand.owner, brand.us.id)]
    assert kinds == ["TOP_UP_RULE_REMOVED", "PAYMENT_METHOD_REMOVED", "PAYMENT_METHOD_REMOVED"]


async def test_it_ends_with_the_balance_that_it_fills(
    api: Api, brand: Brand, finance: Member, world: World
) -> None:
    await give_top_up_rule(world, brand.us, await give_payment_method(world, brand.us))
    refused = await code_of(api, "creditModeUpdate", finance, accountId=brand.us.id, mode="SHARED_POOL")
    assert refused == "POOL_ACCOUNT_REQUIRED"
    assert (await api.read(_SEEN, finance, id=brand.us.id))["account"]["topUpRule"] is not None
    await done(api, "creditModeUpdate", brand.owner, accountId=brand.us.id, mode="SHARED_POOL")
    assert (await api.read(_SEEN, finance, id=brand.us.id))["account"]["topUpRule"] is None


async def test_the_values_that_it_has_change_nothing(
    api: Api, brand: Brand, finance: Member, world: World
) -> None:
    """No version and no event."""
    rule = _rule(brand.us, await give_payment_method(world, brand.us))
    await done(api, "topUpRuleUpdate", finance, **rule)
    before = await world.state(brand.us)
    await done(api, "topUpRuleUpdate", finance, **rule)
    assert await world.state(brand.us) == before
