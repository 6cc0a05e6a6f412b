"""Sends on invoices and among costs, by the label of their team or campaign (R56, R57)."""

import datetime
from xml.etree.ElementTree import fromstring

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import new_id
from models.billing.tables import charges
from resolvers.billing.xml import NAMESPACES
from server.database.clock import Clock
from tests.client.api import Api
from tests.world.billing import invoices_of, issue, send
from tests.world.credit import EURO, give_credit
from tests.world.plans import make_plan, subscribe
from tests.world.world import Account, Member, World

_PRICE = EURO // 100
_SHOWN = """xml lines { nodes { accountName product label description quantity amount prepaid } }"""
_COSTS = """query ($id: ID!, $since: DateTime!, $until: DateTime!) { account(id: $id) {
  costs(since: $since, until: $until) { nodes { name sends spentOnSends
    labels { totalCount nodes { label sends spentOnSends } } } } } }"""


@pytest.fixture
async def firm(world: World, clock: Clock) -> tuple[Account, Account, Member]:
    """A master account and a subaccount under a plan with two sends; one beyond costs a cent."""
    await clock.show(datetime.datetime(2031, 1, 31, 12, tzinfo=datetime.UTC))
    master = await world.account(name="Firm")
    owner = await world.member(master, BuiltinRole.OWNER)
    team = await world.account(master, "Team")
    plan = await make_plan(world, price=EURO, active_contacts=50, sends=2, send_price=_PRICE)
    await subscribe(world, master, plan, "UTC", await clock.now())
    await give_credit(world, master, 100 * EURO)
    return master, team, owner


async def test_a_line_for_each_label(
    api: Api,
    firm: tuple[Account, Account, Member],
    clock: Clock,
    application: AsyncEngine,
    database: AsyncEngine,
) -> None:
    master, team, owner = firm
    begun = await clock.now()
    await send(api, owner, team, *"abc", label="Spring")
    await send(api, owner, team, *"ab", label="Spring")
    await send(api, owner, team, *"abcd", label="Ω & 🦊")
    await send(api, owner, team, "a")
    await send(api, owner, master, "a", label="Spring")
    await clock.show(datetime.datetime(2031, 3, 1, tzinfo=datetime.UTC))
    await issue(application)
    await issue(application)
    (invoice,) = await invoices_of(api, owner, master, _SHOWN)
    lines = [line for line in invoice["lines"]["nodes"] if line["product"] == "SENDS_BEYOND"]
    found = {(line["accountName"], line["label"]): line for line in lines}
    assert {key: (line["quantity"], line["description"]) for key, line in found.items()} == {
        ("Firm", "Spring"): (1, "Sends beyond the plan's: Spring"),
        ("Team", "Spring"): (3, "Sends beyond the plan's: Spring"),
        ("Team", "Ω & 🦊"): (4, "Sends beyond the plan's: Ω & 🦊"),
        ("Team", None): (1, "Sends beyond the plan's"),
    }
    assert len(lines) == len(found)
    assert {line["amount"] == line["prepaid"] == str(_PRICE * line["quantity"]) for line in lines} == {True}
    (plan,) = (line for line in invoice["lines"]["nodes"] if line["product"] == "PLAN")
    assert plan["label"] is None
    products = fromstring(invoice["xml"]).iterfind(".//ram:SpecifiedTradeProduct", NAMESPACES)
    labels = [
        product.findtext("ram:ApplicableProductCharacteristic/ram:Value", None, NAMESPACES)
        for product in products
    ]
    assert labels == [line["label"] for line in invoice["lines"]["nodes"]]
    month = {"since": begun.isoformat(), "until": "2031-03-01T00:00:00Z"}
    nodes = (await api.read(_COSTS, owner, id=master.id, **month))["account"]["costs"]["nodes"]
    costs = {node["name"]: node for node in nodes}
    assert (costs["Team"]["sends"], costs["Team"]["spentOnSends"]) == (10, str(8 * _PRICE))
    assert costs["Team"]["labels"] == {
        "totalCount": 2,
        "nodes": [
            {"label": "Spring", "sends": 5, "spentOnSends": str(3 * _PRICE)},
            {"label": "Ω & 🦊", "sends": 4, "spentOnSends": str(4 * _PRICE)},
        ],
    }
    later = month | {"since": month["until"], "until": "2031-04-01T00:00:00Z"}
    nodes = (await api.read(_COSTS, owner, id=master.id, **later))["account"]["costs"]["nodes"]
    assert {node["labels"]["totalCount"] for node in nodes} == {0}
    await _check_unique(database, master)


async def _check_unique(database: AsyncEngine, account: Account) -> None:
    """No charge can be made again, with a label or without; with another label it is another charge."""
    async with database.connect() as connection:
        rows = (await connection.execute(select(charges).where(charges.c.master_id == account.master))).all()
        for row in rows:
            again = dict(row._mapping) | {"id": new_id(), "invoice_id": None, "position": None}
            with pytest.raises(IntegrityError, match="uq_charges_source"):
                async with connection.begin_nested():
                    await connection.execute(insert(charges), again)
            await connection.execute(insert(charges), again | {"id": new_id(), "label": "Another"})
