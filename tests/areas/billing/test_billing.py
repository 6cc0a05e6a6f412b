"""Who is billed, how they are addressed, and what the account above is told of costs (R27, R55, R58, R61)."""

import datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from models.sending.tables import ReservationStatus
from tests.areas.effects.log import events_of
from tests.client.api import Api, Caller
from tests.client.links import set_parent_access
from tests.client.mutations import attempt, code_of, done
from tests.world.billing import SHOWN, give_invoice, invoices_of, lines_of, separate
from tests.world.brand import Brand
from tests.world.credit import own_balances
from tests.world.sends import give_reservation
from tests.world.world import Account, World

_MODE = "account { billingMode invoicedAccount { id } version }"
_COSTS = """query ($id: ID!, $since: DateTime!, $until: DateTime!) { account(id: $id) {
  costs(since: $since, until: $until, first: 100) { totalCount nodes {
    account { id } name sends spentOnSends charged } } } }"""
_ADDRESS = {"name": "Hotel Ltd", "street": "Rue 1", "postcode": "75001", "city": "Paris", "country": "FR"}


async def _mode_of(api: Api, caller: Caller, account: Account) -> tuple[str, str | None]:
    query = f"query ($id: ID!) {{ {_MODE.replace('account', 'account(id: $id)', 1)} }}"
    found = (await api.read(query, caller, id=account.id))["account"]
    above = found["invoicedAccount"]
    return found["billingMode"], above and above["id"]


async def test_the_nearest_with_its_own(api: Api, brand: Brand, world: World) -> None:
    """R27, R55: on the master account's at first, then on its own, and those below on that."""
    below = await world.account(brand.us)
    assert await _mode_of(api, brand.owner, brand.master) == ("SEPARATE", brand.master.id)
    assert await _mode_of(api, brand.owner, below) == ("CONSOLIDATED", brand.master.id)
    values = {"accountId": brand.us.id, "mode": "SEPARATE"}
    first = await done(api, "billingModeUpdate", brand.owner, _MODE, **values)
    assert first["account"]["billingMode"] == "SEPARATE"
    again = await done(api, "billingModeUpdate", brand.owner, _MODE, **values)
    assert again["account"]["version"] == first["account"]["version"], "nothing is left to be done"
    assert await _mode_of(api, brand.owner, below) == ("CONSOLIDATED", brand.us.id)
    assert await _mode_of(api, brand.owner, brand.uk) == ("CONSOLIDATED", brand.master.id)
    await done(api, "billingModeUpdate", brand.owner, _MODE, **(values | {"mode": "CONSOLIDATED"}))
    assert await _mode_of(api, brand.owner, below) == ("CONSOLIDATED", brand.master.id)
    log = await events_of(api, brand.owner, brand.us.id)
    assert [(event["type"], event["before"], event["after"]) for event in log] == [
        ("BILLING_MODE_CHANGED", {"mode": "SEPARATE"}, {"mode": "CONSOLIDATED"}),
        ("BILLING_MODE_CHANGED", {"mode": "CONSOLIDATED"}, {"mode": "SEPARATE"}),
    ]


async def test_a_preview_tells_whose_invoice(api: Api, brand: Brand, world: World) -> None:
    """N11: that of whose credit would pay, whoever is billed for plans."""
    query = """query ($id: ID!) { sendPreview(
      accountId: $id, stream: MARKETING, recipients: ["ann@example.com"]) { invoicedAccount { id } } }"""
    await separate(world, brand.us)
    for expected in (brand.master, brand.us):
        shown = (await api.read(query, brand.owner, id=brand.us.id))["sendPreview"]
        assert shown["invoicedAccount"] == {"id": expected.id}
        await own_balances(world, brand.us)


async def test_who_decides(api: Api, brand: Brand, world: World) -> None:
    """Both sides: whoever holds the right in the account and in the one whose invoice it is, or would be."""
    own = await world.member(brand.us, BuiltinRole.OWNER)
    below = await world.account(brand.us)
    before = await world.state(brand.master)
    refused = {
        "BILLED_ACCOUNT_REQUIRED": (own, brand.us),
        "FAILED_PRECONDITION": (brand.owner, brand.master),
    }
    for code, (caller, account) in refused.items():
        values = {"accountId": account.id, "mode": "SEPARATE"}
        assert await code_of(api, "billingModeUpdate", caller, **values) == code
    assert await world.state(brand.master) == before
    await done(api, "billingModeUpdate", brand.owner, accountId=brand.us.id, mode="SEPARATE")
    # Between the two of them nobody above has a say any more.
    await done(api, "billingModeUpdate", own, accountId=below.id, mode="SEPARATE")
    assert await _mode_of(api, own, below) == ("SEPARATE", below.id)


async def test_details_are_made_whole_and_changed_one_by_one(api: Api, brand: Brand) -> None:
    shown = "account { billingDetails { name street postcode city country vatId email } }"
    place = {"accountId": brand.us.id}
    full = _ADDRESS | {"vatId": "fr 12.345-678901", "email": " Bills@Hotel.example "}
    for name in _ADDRESS:
        part = {field: value for field, value in full.items() if field != name}
        refused = await attempt(api, "billingDetailsUpdate", brand.owner, **place, **part)
        assert refused.code == "BAD_USER_INPUT"
        assert refused.user_error is not None
        assert refused.user_error["field"] == ["input", name]
    made = await done(api, "billingDetailsUpdate", brand.owner, shown, **place, **full)
    right = _ADDRESS | {"vatId": "FR12345678901", "email": "Bills@Hotel.example"}
    assert made["account"]["billingDetails"] == right
    moved = {"city": "Lyon", "vatId": None}
    made = await done(api, "billingDetailsUpdate", brand.owner, shown, **place, **moved)
    assert made["account"]["billingDetails"] == right | moved
    await done(api, "billingDetailsUpdate", brand.owner, **place, **moved)
    log = await events_of(api, brand.owner, brand.us.id)
    assert [event["after"]["changed"] for event in log] == [
        ["city", "vatId"],
        [*_ADDRESS, "vatId", "email"],
    ]


async def test_a_postcode_is_needed_where_addresses_need_one(api: Api, brand: Brand, world: World) -> None:
    """Hong Kong has none, in Ireland many know of none; whoever has one may give it."""
    shown = "account { billingDetails { postcode country } }"
    place, without = {"accountId": brand.us.id}, {key: _ADDRESS[key] for key in _ADDRESS if key != "postcode"}
    for code in ("HK", "AE", "IE"):
        made = await done(
            api, "billingDetailsUpdate", brand.owner, shown, **place, **without | {"country": code}
        )
        assert made["account"]["billingDetails"] == {"postcode": None, "country": code}
    before = await world.state(brand.master)
    for moved in ({"country": "DE"}, {"country": "us", "postcode": None}):
        refused = await attempt(api, "billingDetailsUpdate", brand.owner, **place, **moved)
        assert refused.code == "BAD_USER_INPUT"
        assert refused.user_error is not None
        assert refused.user_error["field"] == ["input", "postcode"]
    assert await world.state(brand.master) == before
    moved = {"country": "DE", "postcode": "10115"}
    await done(api, "billingDetailsUpdate", brand.owner, **place, **moved)
    assert await code_of(api, "billingDetailsUpdate", brand.owner, **place, postcode=None) == "BAD_USER_INPUT"
    back = await done(api, "billingDetailsUpdate", brand.owner, shown, **place, country="IE", postcode=None)
    assert back["account"]["billingDetails"] == {"postcode": None, "country": "IE"}


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("country", ["", "D", "DEU", "XX", "EL", "1!", "D\u0130", "\uff24\uff25"]),
        ("vatId", ["", "DE", "DE1", "XX123456", "123456", "DE" + "1" * 19, "DE12345678\u0661", "DE12;45"]),
        ("email", ["", "x", "a@", "a@b c.example"]),
        ("name", ["", " ", "x" * 201, "a\nb"]),
        ("city", ["", "\u202e"]),
    ],
)
async def test_details_that_are_none(
    api: Api, brand: Brand, world: World, field: str, wrong: list[str]
) -> None:
    before = await world.state(brand.master)
    for value in wrong:
        values: dict[str, Any] = {"accountId": brand.us.id, **_ADDRESS, field: value}
        refused = await attempt(api, "billingDetailsUpdate", brand.owner, **values)
        assert refused.code == "BAD_USER_INPUT", value
        assert refused.user_error is not None
        assert refused.user_error["field"] == ["input", field]
    assert await world.state(brand.master) == before


async def test_of_accounts_out_of_reach_a_line_tells_the_name(api: Api, brand: Brand, world: World) -> None:
    """Finance of the master account does not reach below; the invoice has all lines all the same."""
    finance = await world.member(brand.master, BuiltinRole.FINANCE)
    await give_invoice(world, brand.master, brand.us, brand.master)
    for caller, seen in ((finance, None), (brand.owner, {"id": brand.us.id})):
        (invoice,) = await invoices_of(api, caller, brand.master)
        assert [line[0] for line in lines_of(invoice)] == [brand.us.name, brand.master.name]
        assert invoice["lines"]["nodes"][0]["account"] == seen
        assert SHOWN.split()[0] in invoice


async def test_costs_of_each_account(api: Api, brand: Brand, world: World, database: AsyncEngine) -> None:
    """R58, R61: what was committed in the time, and cycles that ended in it, account by account."""
    sent = {"recipients": 7, "beyond": 5, "price": 10}
    done_ = ReservationStatus.COMMITTED
    at = datetime.datetime(2031, 5, 1, tzinfo=datetime.UTC)
    second = datetime.timedelta(seconds=1)
    for settled_at in (at - second, at, at + second * 10, at + second * 11):
        await give_reservation(world, brand.us, done_, **sent, settled_at=settled_at)
    await give_reservation(world, brand.us, ReservationStatus.VOIDED, **sent, settled_at=at)
    await give_reservation(world, brand.uk, done_, settled_at=at)
    await give_invoice(world, brand.master, brand.us)
    lone = await world.account(brand.master, "Lone")
    await set_parent_access(world, lone, ParentAccess.NONE)
    times = {"since": at.isoformat(), "until": (at + second * 11).isoformat()}
    found = (await api.read(_COSTS, brand.owner, id=brand.master.id, **times))["account"]["costs"]
    rows = {node["name"]: (node["sends"], node["spentOnSends"], node["charged"]) for node in found["nodes"]}
    assert rows[brand.us.name] == (14, "20", "0")
    assert rows[brand.uk.name] == (1, "0", "0")
    assert rows[brand.master.name] == (0, "0", "0")
    assert "Lone" not in rows
    assert found["totalCount"] == len(rows)
    assert found["nodes"][0]["account"] == {"id": brand.master.id}
    ever = {"since": "2000-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z"}
    for caller, account in ((brand.owner, brand.master), (brand.owner, brand.us)):
        nodes = (await api.read(_COSTS, caller, id=account.id, **ever))["account"]["costs"]["nodes"]
        assert {node["name"]: node["charged"] for node in nodes}[brand.us.name] == "1000000"


async def test_a_branch_sees_its_own_costs_alone(api: Api, brand: Brand, world: World) -> None:
    """T3: nothing of its siblings and of the account above."""
    own = await world.member(brand.us, BuiltinRole.FINANCE)
    ever = {"since": "2000-01-01T00:00:00Z", "until": "2999-01-01T00:00:00Z"}
    nodes = (await api.read(_COSTS, own, id=brand.us.id, **ever))["account"]["costs"]["nodes"]
    assert [node["name"] for node in nodes] == [brand.us.name]
    answer = await api.ask(_COSTS, own, id=brand.master.id, **ever)
    assert (answer.data, answer.codes) == ({"account": None}, ["NOT_FOUND"])
