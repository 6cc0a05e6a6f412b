"""The rows of the area `billing` in the tables that have one for each mutation, table or id."""

from sqlalchemy import insert

from models.billing.tables import billing_details, billing_mode_choices
from tests.authz.escalation.statuses import ABOVE, NEEDS_ACTIVE, Row
from tests.authz.rules.consequences import NO_CONSEQUENCE, Pays, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input, unused_address
from tests.client.updates import Field, Null, Update, Updated, of_account
from tests.equality.drawn import rows
from tests.storage.growth import Bound, Growth, kept, one_each
from tests.storage.tree import Tree
from tests.world.billing import give_details, give_invoice, mark_charged, separate
from tests.world.brand import Brand
from tests.world.world import World

CONSEQUENCES = {
    "billingModeUpdate": does(Pays.BILLED),
    "billingDetailsUpdate": NO_CONSEQUENCE,
}


STATUSES = {
    "billingModeUpdate": Row(NEEDS_ACTIVE, ABOVE),
    "billingDetailsUpdate": Row(NEEDS_ACTIVE),
}


BOUNDS = {
    "account_status_changes": kept("whether a billing cycle is paid for"),
    "billing_details": one_each("at most one for an account"),
    "billing_mode_choices": kept("whose invoice a past cycle was on"),
    "charged_cycles": one_each("at most one for an account: until when it is charged"),
    "charges": kept("what is on invoices"),
    "invoice_numbers": Bound(Growth.FIXED, "one row: the last number"),
    "invoices": kept("invoices"),
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id}
    return {
        "billingModeUpdate": account | {"expectedVersion": 1, "mode": "SEPARATE"},
        "billingDetailsUpdate": account
        | {"expectedVersion": 1, "name": "Hotel Ltd", "street": "Rue 1", "postcode": "75001", "city": "Paris"}
        | {"country": "FR", "vatId": "FR12345678901", "email": unused_address(place)},
    }


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_invoice(world, tree.master)
    await give_details(world, tree.master)
    await separate(world, tree.account)
    await mark_charged(world, tree.master)
    await rows.status_change(world, tree.master)


ADDRESS = {"name": "Hotel Ltd", "street": "Rue 1", "postcode": "75001", "city": "Paris", "country": "FR"}


async def _billing_details(world: World, brand: Brand) -> Updated:
    place = {"master_id": brand.us.master, "account_id": brand.us.key}
    more = {"vat_id": "FR12345678901", "email": "bills@example.com"}
    async with world.database.begin() as connection:
        await connection.execute(insert(billing_details).values(**place, **ADDRESS, **more))
    return of_account(brand.us, billing_details)


async def _billing_mode(world: World, brand: Brand) -> Updated:
    return of_account(brand.us, billing_mode_choices)


UPDATES = {
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
}
