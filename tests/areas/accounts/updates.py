"""Every update of the schema: something of its kind with a value in each of its fields, another value for
each, and what null does to it."""

import datetime
import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, insert, select, update

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area, Permission, mask_of
from models.accounts.tables import ParentAccess, accounts
from models.api_keys.tables import api_keys
from models.billing.tables import billing_details, billing_mode_choices
from models.budgets.tables import BudgetCurrency, budgets
from models.members.tables import memberships
from models.parent_access.requests import parent_access_requests
from models.payments.top_up_rules import top_up_rules
from models.roles.tables import roles
from models.shares.tables import share_accounts, shares
from tests.world.brand import Brand
from tests.world.budgets import set_budget
from tests.world.credit import EURO, give_credit, give_payment_method, give_top_up_rule, own_balances
from tests.world.mutations import ROLE_IDS
from tests.world.plans import make_plan, subscribe
from tests.world.shares import Given, give_share
from tests.world.world import Account, World


class Null(enum.Enum):
    """What null does to a field that is not just emptied."""

    REFUSED = "nobody can be without it"
    NEVER = "the schema has no null: the update is about this alone"


@dataclass(frozen=True)
class Updated:
    """Something to update, as clients name it, and where it is stored."""

    ids: dict[str, str]
    where: ColumnElement[bool]


Make = Callable[[World, Brand], Awaitable[Updated]]


@dataclass(frozen=True)
class Field:
    """Another `value`, or how it is made; the columns that it changes, and what null leaves in the first of
    them. `make`: where it takes something else than its update does."""

    value: Any
    columns: tuple[str, ...]
    null: Any
    make: Make | None = None

    async def other(self, world: World, brand: Brand) -> Any:
        """The other value."""
        return await self.value(world, brand) if callable(self.value) else self.value


@dataclass(frozen=True)
class Update:
    """Its table, how something of its kind is made with a value in each field, and its fields."""

    table: Table
    make: Make
    fields: dict[str, Field]

    async def others(self, world: World, brand: Brand) -> dict[str, Any]:
        """Another value for every field that what `make` makes has one in."""
        fields = {name: field for name, field in self.fields.items() if field.make is None}
        return {name: await field.other(world, brand) for name, field in fields.items()}


def _in(days: int) -> datetime.datetime:
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    return moment.replace(microsecond=0)


def _of(account: Account, table: Table) -> Updated:
    return Updated({"accountId": account.id}, table.c.account_id == account.key)


async def _account(world: World, brand: Brand) -> Updated:
    async with world.database.begin() as connection:
        own = accounts.c.id == brand.master.key
        await connection.execute(update(accounts).where(own).values(external_id="crm-1"))
    return Updated({"accountId": brand.master.id}, own)


async def _subaccount(world: World, brand: Brand) -> Updated:
    return Updated({"accountId": brand.us.id}, accounts.c.id == brand.us.key)


async def _member(world: World, brand: Brand) -> Updated:
    member = await world.member(brand.us, BuiltinRole.ANALYST, expires_at=_in(9))
    return Updated({"memberId": member.id}, memberships.c.id == member.key)


async def _share(world: World, brand: Brand) -> Updated:
    return await _given(world, brand, Given(hidden=[Area.CONTACTS], expires_at=_in(9)))


async def _share_of_areas(world: World, brand: Brand) -> Updated:
    return await _given(world, brand, Given(role=None, areas=[Area.CONTACTS], expires_at=_in(9)))


async def _given(world: World, brand: Brand, given: Given) -> Updated:
    share = await give_share(world, [brand.us], await world.person(), brand.owner.person, given)
    return Updated({"shareId": share.id}, shares.c.id == share.key)


async def _key(world: World, brand: Brand) -> Updated:
    key = await world.api_key(brand.us, BuiltinRole.ANALYST, scopes=Permission.ACCOUNT_READ.bit)
    bound = {"ip_ranges": ["192.0.2.0/24"], "expires_at": _in(9)}
    async with world.database.begin() as connection:
        own = api_keys.c.id == key.key
        await connection.execute(update(api_keys).where(own).values(bound))
    return Updated({"apiKeyId": key.id}, own)


async def _role(world: World, brand: Brand) -> Updated:
    role = await world.role(brand.master, "ACCOUNT_READ CREDIT_READ", "ACCOUNT_READ CONTACTS_READ")
    async with world.database.begin() as connection:
        own = roles.c.id == role.key
        await connection.execute(update(roles).where(own).values(description="Reads."))
    return Updated({"roleId": role.id}, own)


async def _top_up_rule(world: World, brand: Brand) -> Updated:
    await own_balances(world, brand.us)
    await give_credit(world, brand.us, EURO)
    method = await give_payment_method(world, brand.us)
    await give_top_up_rule(world, brand.us, method)
    return _of(brand.us, top_up_rules)


async def _method(world: World, brand: Brand) -> str:
    return (await give_payment_method(world, brand.us)).id


async def _other_account(world: World, brand: Brand) -> list[str]:
    return [brand.uk.id]


async def _send_budget(world: World, brand: Brand) -> Updated:
    await subscribe(world, brand.master, await make_plan(world, active_contacts=50, sends=100))
    await set_budget(world, brand.us, 10, 5)
    return _of(brand.us, budgets)


async def _credit_budget(world: World, brand: Brand) -> Updated:
    await give_credit(world, brand.master, 100)
    await set_budget(world, brand.us, 10, 5, BudgetCurrency.CREDIT)
    return _of(brand.us, budgets)


ADDRESS = {"name": "Hotel Ltd", "street": "Rue 1", "postcode": "75001", "city": "Paris", "country": "FR"}


async def _billing_details(world: World, brand: Brand) -> Updated:
    place = {"master_id": brand.us.master, "account_id": brand.us.key}
    more = {"vat_id": "FR12345678901", "email": "bills@example.com"}
    async with world.database.begin() as connection:
        await connection.execute(insert(billing_details).values(**place, **ADDRESS, **more))
    return _of(brand.us, billing_details)


async def _billing_mode(world: World, brand: Brand) -> Updated:
    return _of(brand.us, billing_mode_choices)


async def _link(world: World, brand: Brand) -> Updated:
    await world.member(brand.us, BuiltinRole.OWNER)
    return _of(brand.us, parent_access_requests)


_BESIDE = {"version", "sort_key", "search_key", "compared_name", "looks", "refusals", "paused_at", "due_at"}
"""What follows from the rest, and what has become of a rule."""

UPDATES: dict[str, Update] = {
    "accountUpdate": Update(
        accounts,
        _account,
        {
            "name": Field("New", ("name",), Null.REFUSED),
            "externalId": Field("crm-2", ("external_id",), None),
            "rightsInheritance": Field("ALL_ROLES", ("rights_inheritance",), Null.REFUSED),
            "apiKeyCreation": Field("MASTER_ONLY", ("api_key_creation",), Null.REFUSED),
        },
    ),
    "memberUpdate": Update(
        memberships,
        _member,
        {
            "roleId": Field(ROLE_IDS[BuiltinRole.MARKETER], ("role_id",), Null.REFUSED),
            "expiresAt": Field(_in(20).isoformat(), ("expires_at",), None),
        },
    ),
    "shareUpdate": Update(
        shares,
        _share,
        {
            "accountIds": Field(_other_account, ("accounts",), Null.REFUSED),
            "roleId": Field(ROLE_IDS[BuiltinRole.ANALYST], ("role_id",), Null.REFUSED),
            "areas": Field(["STATISTICS"], ("areas", "areas_mask"), Null.REFUSED, _share_of_areas),
            "hiddenAreas": Field(["STATISTICS"], ("hidden_areas", "hidden_mask"), []),
            "expiresAt": Field(_in(20).isoformat(), ("expires_at",), None),
        },
    ),
    "apiKeyUpdate": Update(
        api_keys,
        _key,
        {
            "name": Field("New", ("name",), Null.REFUSED),
            "permissions": Field(
                ["STATISTICS_READ"],
                ("scopes",),
                mask_of({Permission.ACCOUNT_READ, Permission.STATISTICS_READ}),
            ),
            "ipRanges": Field(["2001:db8::/32"], ("ip_ranges",), []),
            "expiresAt": Field(_in(20).isoformat(), ("expires_at",), None),
        },
    ),
    "roleUpdate": Update(
        roles,
        _role,
        {
            "name": Field("New role", ("name",), Null.REFUSED),
            "description": Field("Writes.", ("description",), ""),
            "permissions": Field(["STATISTICS_READ"], ("member_mask", "inherited_mask"), Null.REFUSED),
            "permissionsBelow": Field(["STATISTICS_READ"], ("ancestor_mask", "inherited_mask"), 0),
        },
    ),
    "topUpRuleUpdate": Update(
        top_up_rules,
        _top_up_rule,
        {
            "paymentMethodId": Field(_method, ("payment_method_id",), Null.REFUSED),
            "threshold": Field("7", ("threshold",), Null.REFUSED),
            "amount": Field("11", ("amount",), Null.REFUSED),
            "dailyMaximum": Field("40", ("daily_maximum",), Null.REFUSED),
        },
    ),
    "sendBudgetUpdate": Update(
        budgets,
        _send_budget,
        {"cap": Field(20, ("cap",), None), "guarantee": Field(6, ("guarantee",), 0)},
    ),
    "creditBudgetUpdate": Update(
        budgets,
        _credit_budget,
        {"cap": Field("20", ("cap",), None), "guarantee": Field("6", ("guarantee",), 0)},
    ),
    "billingDetailsUpdate": Update(
        billing_details,
        _billing_details,
        {
            **{name: Field("IT" if name == "country" else "New", (name,), Null.REFUSED) for name in ADDRESS},
            "vatId": Field("FR99999999999", ("vat_id",), None),
            "email": Field("new@example.com", ("email",), None),
        },
    ),
    "billingModeUpdate": Update(
        billing_mode_choices, _billing_mode, {"mode": Field("SEPARATE", (), Null.NEVER)}
    ),
    "creditModeUpdate": Update(accounts, _subaccount, {"mode": Field("OWN_BALANCE", (), Null.NEVER)}),
    "parentAccessUpdate": Update(
        parent_access_requests,
        _link,
        {
            "parentAccess": Field(ParentAccess.READ_ONLY.value, (), Null.NEVER),
            "reason": Field("Because", (), Null.NEVER),
        },
    ),
}


async def stored(world: World, table: Table, updated: Updated) -> dict[str, Any]:
    """What is stored of it; of a share also the accounts that it opens."""
    async with world.database.connect() as connection:
        row = (await connection.execute(select(table).where(updated.where))).mappings().one()
        found = {name: value for name, value in row.items() if name not in _BESIDE}
        if table is shares:
            opened = select(share_accounts.c.account_id).where(share_accounts.c.share_id == row["id"])
            found["accounts"] = sorted((await connection.execute(opened)).scalars())
    return found
