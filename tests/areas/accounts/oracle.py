"""The rows of the area `accounts` in the tables that have one for each mutation, table or id."""

from sqlalchemy import update

from models.accounts.tables import accounts
from models.base.ids import Kind
from tests.areas.accounts.reopening import keep_contacts
from tests.authz.escalation.outcomes import DONE
from tests.authz.escalation.statuses import (
    ABOVE,
    NEEDS_ACTIVE,
    NOT_ONCE_CLOSED,
    TAKES_AWAY,
    Inactive,
    Row,
    in_each_place,
)
from tests.authz.matrix.matrix_callers import Stage
from tests.authz.matrix.matrix_rows import Values
from tests.authz.rules.consequences import ACCESS_OF_OTHERS, NO_CONSEQUENCE, Access, Pays, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input, unused_address
from tests.client.updates import Field, Null, Update, Updated
from tests.storage.growth import kept, one_each
from tests.world.brand import Brand
from tests.world.world import World


async def _passed_less(stage: Stage) -> Values:
    await stage.pass_all_roles()
    values = {"accountId": stage.account.id, "expectedVersion": await stage.version()}
    return {**values, "rightsInheritance": "ADMINISTRATORS"}


async def _with_kept_contacts(stage: Stage) -> Values:
    await keep_contacts(stage.world, stage.account)
    return {"accountId": stage.account.id}


CONSEQUENCES = {
    "subaccountCreate": NO_CONSEQUENCE,
    "accountUpdate": ACCESS_OF_OTHERS,
    "accountSuspend": ACCESS_OF_OTHERS,
    "accountResume": ACCESS_OF_OTHERS,
    "accountClose": does(Pays.LEAVES, Access.OTHERS),
    "accountReopen": ACCESS_OF_OTHERS,
}


STATUSES = {
    "subaccountCreate": Row(NEEDS_ACTIVE),
    "accountUpdate": Row(NEEDS_ACTIVE),
    "accountUpdate: passes less down": Row(TAKES_AWAY, prepare=_passed_less),
    "accountSuspend": Row(NOT_ONCE_CLOSED, ABOVE, unchanged=frozenset({Inactive.SUSPENDED})),
    "accountResume": Row(in_each_place(DONE, "ACCOUNT_SUSPENDED", "ACCOUNT_CLOSED"), ABOVE),
    "accountClose": Row(NOT_ONCE_CLOSED),
    "accountReopen": Row(
        TAKES_AWAY,
        prepare=_with_kept_contacts,
        unchanged=frozenset(Inactive) - {Inactive.CLOSED},
    ),
}


BOUNDS = {
    "account_closure": one_each("as many for an account as there are accounts above it"),
    "accounts": kept("customers; what belongs to an account outlives its closing"),
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    status = {"accountId": place.account.id, "reason": "because"}
    return {
        "subaccountCreate": {"parentId": place.account.id, "name": "New", "externalId": "crm-1"}
        | {"ownerEmail": unused_address(place), "idempotencyKey": "1"}
        | {"copyFrom": place.master.id, "copy": ["LANGUAGE"]},
        "accountUpdate": {"accountId": place.master.id, "apiKeyCreation": "MASTER_ONLY"}
        | {"expectedVersion": 1, "name": "New", "externalId": "crm-2"}
        | {"rightsInheritance": "ALL_ROLES", "currency": "CHF"},
        "accountSuspend": status,
        "accountResume": status,
        "accountClose": status | {"forfeitCredit": "0"},
        "accountReopen": status,
    }


ID_FIELDS = {
    "accountId": Kind.ACCOUNT,
    "accountIds": Kind.ACCOUNT,
    "parentId": Kind.ACCOUNT,
    "fromAccountId": Kind.ACCOUNT,
    "toAccountId": Kind.ACCOUNT,
}


async def _account(world: World, brand: Brand) -> Updated:
    async with world.database.begin() as connection:
        own = accounts.c.id == brand.master.key
        await connection.execute(update(accounts).where(own).values(external_id="crm-1"))
    return Updated({"accountId": brand.master.id}, own)


UPDATES = {
    "accountUpdate": Update(
        accounts,
        _account,
        {
            "name": Field("New", ("name",), Null.REFUSED),
            "externalId": Field("crm-2", ("external_id",), None),
            "rightsInheritance": Field("ALL_ROLES", ("rights_inheritance",), Null.REFUSED),
            "apiKeyCreation": Field("MASTER_ONLY", ("api_key_creation",), Null.REFUSED),
            "currency": Field("CHF", ("currency",), Null.REFUSED),
        },
    ),
}
