"""The rows of the area `credit` in the tables that have one for each mutation, table or id."""

from models.accounts.tables import accounts
from tests.authz.escalation.statuses import ABOVE, NEEDS_ACTIVE, Row
from tests.authz.rules.consequences import Pays, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.client.updates import Field, Null, Update, Updated
from tests.storage.growth import kept, one_each
from tests.storage.tree import Tree
from tests.world.brand import Brand
from tests.world.credit import give_credit
from tests.world.world import World

CONSEQUENCES = {
    "creditTransfer": does(Pays.BOTH_SIDES),
    "creditModeUpdate": does(Pays.SETTLES),
}


STATUSES = {
    "creditTransfer": Row(NEEDS_ACTIVE),
    "creditModeUpdate": Row(NEEDS_ACTIVE, ABOVE),
}


BOUNDS = {
    "ledger_balances": one_each("a few for an account: a balance of each kind"),
    "ledger_entries": kept("the books, whose hashes lead from the first entry to the last"),
    "ledger_transactions": kept("the books"),
    "ledgers": one_each("at most one for an account"),
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id}
    return {
        "creditTransfer": {"fromAccountId": place.master.id, "toAccountId": place.account.id}
        | {"amount": 5, "memo": "May", "idempotencyKey": "4"},
        "creditModeUpdate": account | {"expectedVersion": 1, "mode": "SHARED_POOL"},
    }


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_credit(world, tree.master, 1)


async def _subaccount(world: World, brand: Brand) -> Updated:
    return Updated({"accountId": brand.us.id}, accounts.c.id == brand.us.key)


UPDATES = {
    "creditModeUpdate": Update(accounts, _subaccount, {"mode": Field("OWN_BALANCE", (), Null.NEVER)}),
}
