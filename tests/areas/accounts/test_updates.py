"""What an update leaves out stays, null takes away or is refused, and every update says what it has read."""

from typing import Any

import pytest
from graphql import (
    GraphQLInputField,
    GraphQLInputObjectType,
    Undefined,
    get_named_type,
    is_non_null_type,
)

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.billing.oracle import ADDRESS
from tests.authz.escalation.outcomes import root_fields
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, attempt, done
from tests.client.schema import SCHEMA
from tests.client.updates import Null, Update, stored
from tests.world.brand import Brand
from tests.world.credit import give_payment_method, own_balances
from tests.world.oracles import told_by_areas
from tests.world.world import World

UPDATES: dict[str, Update] = told_by_areas("UPDATES")

_FIELDS = [
    (name, field)
    for name, update in UPDATES.items()
    for field, told in update.fields.items()
    if told.null is not Null.NEVER
]
_IDS = {
    *("accountId", "memberId", "shareId", "apiKeyId", "roleId"),
    *("contactId", "contactListId", "templateId", "campaignId", "webhookId"),
}


def _input_fields(name: str) -> dict[str, GraphQLInputField]:
    """Of an update: all that is neither its own id nor the dry run. One's own profile needs no id."""
    input_type = get_named_type(root_fields(SCHEMA.mutation_type)[name].args["input"].type)
    assert isinstance(input_type, GraphQLInputObjectType)
    own = {field for field in _IDS & input_type.fields.keys() if _is_needed(input_type.fields[field])}
    assert len(own) == (0 if name == "userUpdate" else 1), name
    return {field: told for field, told in input_type.fields.items() if field not in own | {"dryRun"}}


def _is_needed(field: GraphQLInputField) -> bool:
    return is_non_null_type(field.type)


def test_every_update_has_its_rows() -> None:
    """Each says what it has read; what else it takes can be left out, and has no default."""
    names = {name for name in root_fields(SCHEMA.mutation_type) if name.endswith("Update")}
    assert names == UPDATES.keys()
    for name in names:
        fields = _input_fields(name)
        version = fields.pop("expectedVersion")
        assert (str(version.type), version.default_value) == ("Int!", Undefined), name
        assert fields.keys() == UPDATES[name].fields.keys(), name
        for field, told in fields.items():
            needed = UPDATES[name].fields[field].null is Null.NEVER
            assert _is_needed(told) is needed, f"{name}.{field}"
            assert told.default_value is Undefined, f"{name}.{field}"


@pytest.mark.parametrize(("name", "field"), _FIELDS)
async def test_what_is_left_out_stays(name: str, field: str, api: Api, world: World, brand: Brand) -> None:
    """Another value changes its field alone; null takes it away alone, or is refused."""
    update, told = UPDATES[name], UPDATES[name].fields[field]
    updated = await (told.make or update.make)(world, brand)

    async def differing(value: Any) -> set[str]:
        before = await stored(world, update.table, updated)
        await done(api, name, brand.owner, **updated.ids, **{field: value})
        after = await stored(world, update.table, updated)
        return {column for column in before if before[column] != after[column]}

    assert await differing(await told.other(world, brand)) == set(told.columns)
    if told.null is Null.REFUSED:
        before = await world.state(brand.master)
        refused = await attempt(api, name, brand.owner, **updated.ids, **{field: None})
        assert refused.user_error is not None
        assert (refused.code, refused.user_error["field"]) == ("BAD_USER_INPUT", ["input", field])
        assert await world.state(brand.master) == before
    elif told.null is Null.NOTHING:
        assert await differing(None) == set()
    else:
        assert await differing(None) <= set(told.columns)
        assert (await stored(world, update.table, updated))[told.columns[0]] == told.null


@pytest.mark.parametrize("name", UPDATES)
async def test_who_has_read_something_else_changes_nothing(
    name: str, api: Api, world: World, brand: Brand
) -> None:
    """And is told the current version, which the change then raises."""
    update = UPDATES[name]
    updated = await update.make(world, brand)
    values = await update.others(world, brand)
    before = await world.state(brand.master)
    stale = await attempt(api, name, brand.owner, **updated.ids, **values, expectedVersion=7)
    assert stale.user_error is not None
    assert (stale.code, stale.user_error["__typename"]) == ("CONFLICT", "VersionConflict")
    assert await world.state(brand.master) == before
    read = stale.user_error["currentVersion"]
    await done(api, name, brand.owner, **updated.ids, **values, expectedVersion=read)
    again = await attempt(api, name, brand.owner, **updated.ids, **values, expectedVersion=read)
    assert again.user_error is not None
    assert again.user_error["currentVersion"] > read


async def test_a_variable_that_is_left_out_is_a_field_that_is_left_out(
    api: Api, world: World, brand: Brand
) -> None:
    """Unlike a variable that is null, or that is null by default."""
    updated = await UPDATES["memberUpdate"].make(world, brand)
    query = """mutation ($id: ID!, $version: Int!, $end: DateTime%s) { memberUpdate(
      input: {memberId: $id, expectedVersion: $version, expiresAt: $end}) { member { expiresAt } } }"""
    values = {"id": updated.ids["memberId"]}
    for default, ends in (("", True), (" = null", False)):
        data = await api.read(query % default, brand.owner, **values, version=1)
        assert (data["memberUpdate"]["member"]["expiresAt"] is not None) is ends
    for version, end in ((2, "2999-01-01T00:00:00+00:00"), (3, None)):
        data = await api.read(query % "", brand.owner, **values, end=end, version=version)
        assert data["memberUpdate"]["member"]["expiresAt"] == end


async def test_a_role_and_areas_take_each_others_place(api: Api, world: World, brand: Brand) -> None:
    """What is hidden stays hidden, so that it has to be taken away with the role."""
    updated = await UPDATES["shareUpdate"].make(world, brand)
    before = await world.state(brand.master)
    values = {**updated.ids, "areas": ["CONTACTS"]}
    refused = await attempt(api, "shareUpdate", brand.owner, **values)
    assert refused.user_error is not None
    assert refused.user_error["field"] == ["input", "hiddenAreas"]
    assert await world.state(brand.master) == before
    shown = "share { role { name } areas hiddenAreas }"
    made = await done(api, "shareUpdate", brand.owner, shown, **values, hiddenAreas=None)
    assert made["share"] == {"role": None, "areas": ["CONTACTS"], "hiddenAreas": []}
    role = {"roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    made = await done(api, "shareUpdate", brand.owner, shown, **updated.ids, **role)
    assert made["share"] == {"role": {"name": "ANALYST"}, "areas": None, "hiddenAreas": []}
    both = await attempt(api, "shareUpdate", brand.owner, **values, **role)
    assert both.code == "BAD_USER_INPUT"


async def test_the_first_ones_need_everything_and_know_the_accounts_version(
    api: Api, world: World, brand: Brand
) -> None:
    """Of what an account need not have."""
    await own_balances(world, brand.us)
    amounts = {"threshold": "5", "amount": "10", "dailyMaximum": "30"}
    rule = {"paymentMethodId": (await give_payment_method(world, brand.us)).id, **amounts}
    version = 1
    for name, whole in (("topUpRuleUpdate", rule), ("billingDetailsUpdate", ADDRESS)):
        before = await world.state(brand.master)
        for field in whole:
            parts = {other: value for other, value in whole.items() if other != field}
            values = {"accountId": brand.us.id, "expectedVersion": version}
            refused = await attempt(api, name, brand.owner, **values, **parts)
            assert refused.user_error is not None
            assert (refused.code, refused.user_error["field"]) == ("BAD_USER_INPUT", ["input", field])
        assert await world.state(brand.master) == before
        made = await done(api, name, brand.owner, "account { version }", **values, **whole)
        version = made["account"]["version"]
    assert version == 3
