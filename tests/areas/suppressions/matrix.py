"""The rows of the matrix for unsubscribes and bounces."""

from tests.areas.contacts.matrix import CONTACT_READERS
from tests.authz.matrix.matrix_callers import Stage, once
from tests.authz.matrix.matrix_rows import Mutation, Values, gated
from tests.world.suppressions import ago, give_suppressions

ACCOUNT_FIELDS = {
    "unsubscribes": ("CONTACTS_READ", CONTACT_READERS),
    "bounces": ("CONTACTS_READ", CONTACT_READERS),
}

_WRITERS = CONTACT_READERS
"""They hold CONTACTS_WRITE in the account."""


async def _unsubscribe(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "reports": [{"address": _new(), "occurredAt": ago(days=1)}]}


async def _bounce(stage: Stage) -> Values:
    report = {"address": _new(), "kind": "SOFT", "occurredAt": ago(days=1)}
    return {"accountId": stage.account.id, "reports": [report]}


async def _resubscribe(stage: Stage) -> Values:
    address = _new()
    await give_suppressions(stage.world, stage.account, address)
    return {"accountId": stage.account.id, "address": address, "evidence": "The form of 3 May"}


def _new() -> str:
    return f"{once()}@example.com"


MUTATIONS = {
    "unsubscribeReport": Mutation("CONTACTS_WRITE", gated("CONTACTS_WRITE", _WRITERS), _unsubscribe),
    "bounceReport": Mutation("CONTACTS_WRITE", gated("CONTACTS_WRITE", _WRITERS), _bounce),
    "resubscribe": Mutation("CONTACTS_WRITE", gated("CONTACTS_WRITE", _WRITERS), _resubscribe),
}
