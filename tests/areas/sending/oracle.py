"""The rows of the area `sending` in the tables that have one for each mutation, table or id."""

from models.base.ids import Kind
from tests.authz.escalation.statuses import NEEDS_ACTIVE, TAKES_AWAY, Row
from tests.authz.rules.consequences import Pays, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.storage.growth import Bound, Growth, deleted, one_each
from tests.storage.tree import Tree
from tests.world.recipients import give_list
from tests.world.sends import give_reservation
from tests.world.world import Account, World

CONSEQUENCES = {
    "sendReserve": does(Pays.POOL),
    "sendCommit": does(Pays.POOL),
    "sendVoid": does(Pays.POOL),
}


STATUSES = {
    "sendReserve": Row(NEEDS_ACTIVE),
    "sendCommit": Row(NEEDS_ACTIVE),
    "sendVoid": Row(TAKES_AWAY),
}


BOUNDS = {
    "active_contacts": Bound(Growth.SWEPT, "the job cycle_close, a minute after the cycle"),
    "contact_claims": Bound(Growth.SWEPT, "the end of the reservation, and the job cycle_close"),
    "recipient_list_parts": Bound(Growth.SWEPT, "deleted with their list"),
    "recipient_lists": Bound(Growth.SWEPT, "an hour after they ended, a day after they were uploaded"),
    "send_counts": one_each("an account's cycle"),
    "send_cycles": one_each("an account's months"),
    "send_labels": one_each("at most 100 for an account's cycle"),
    "send_reservations": deleted("what was given back; what was sent is kept, costs and invoices go by it"),
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id}
    reserved = {"reservationId": place.objects[Kind.SEND_RESERVATION]}
    return {
        "sendReserve": account
        | {"stream": "MARKETING", "recipients": None, "recipientHashes": None, "contactListId": None}
        | {"recipientListId": place.objects[Kind.RECIPIENT_LIST], "idempotencyKey": "7", "label": "Spring"},
        "sendCommit": reserved,
        "sendVoid": reserved,
    }


ID_FIELDS = {
    "reservationId": Kind.SEND_RESERVATION,
    "recipientListId": Kind.RECIPIENT_LIST,
}


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """An object of each kind of id that the area has."""
    return {
        Kind.SEND_RESERVATION: (await give_reservation(world, account)).id,
        Kind.RECIPIENT_LIST: (await give_list(world, account)).id,
    }


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_reservation(world, tree.master, label="Spring")
    await give_list(world, tree.master)
