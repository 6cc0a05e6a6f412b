"""The rows of the matrix for contacts."""

from models.base.ids import Kind, present
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, MANAGERS, OUTSIDE, Stage, once
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, Query, Subscription, Values, gated, table
from tests.world.contacts import (
    contact_id,
    contact_list_id,
    give_attribute,
    give_contact,
    give_contact_list,
    give_import,
)

CONTACT_READERS = MANAGERS | {"marketer", "guest"}
"""They also write contacts: the policy tells no difference."""

ACCOUNT_FIELDS = {
    "contacts": ("CONTACTS_READ", CONTACT_READERS),
    "contactLists": ("CONTACTS_READ", CONTACT_READERS),
    "contactAttributes": ("CONTACTS_READ", CONTACT_READERS),
    "jobs": ("CONTACTS_READ", CONTACT_READERS),
}


def _address() -> str:
    return f"{once()}@example.com"


async def _contact(stage: Stage) -> str:
    return contact_id(stage.account, await give_contact(stage.world, stage.account, _address()))


async def _list(stage: Stage) -> str:
    return contact_list_id(stage.account, await give_contact_list(stage.world, stage.account, once()))


async def _contact_upsert(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "contacts": [{"email": _address()}]}


async def _contact_update(stage: Stage) -> Values:
    return {"contactId": await _contact(stage), "expectedVersion": 1, "email": _address()}


async def _contact_erase(stage: Stage) -> Values:
    return {"contactId": await _contact(stage)}


async def _list_create(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "name": once()}


async def _list_update(stage: Stage) -> Values:
    return {"contactListId": await _list(stage), "expectedVersion": 1, "name": once()}


async def _list_delete(stage: Stage) -> Values:
    return {"contactListId": await _list(stage)}


async def _attribute_create(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "name": once(), "type": "TEXT"}


async def _attribute_delete(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "name": await give_attribute(stage.world, stage.account, once())}


async def _import(stage: Stage) -> str:
    return present(Kind.CONTACT_JOB, await give_import(stage.world, stage.account))


async def _import_cancel(stage: Stage) -> Values:
    return {"jobId": await _import(stage)}


_BY = gated("CONTACTS_WRITE", CONTACT_READERS)

MUTATIONS = {
    "contactUpsert": Mutation("CONTACTS_WRITE", _BY, _contact_upsert),
    "contactUpdate": Mutation("CONTACTS_WRITE", _BY, _contact_update),
    "contactErase": Mutation("CONTACTS_WRITE", _BY, _contact_erase),
    "contactListCreate": Mutation("CONTACTS_WRITE", _BY, _list_create),
    "contactListUpdate": Mutation("CONTACTS_WRITE", _BY, _list_update),
    "contactListDelete": Mutation("CONTACTS_WRITE", _BY, _list_delete),
    "contactAttributeCreate": Mutation("CONTACTS_WRITE", _BY, _attribute_create),
    "contactAttributeDelete": Mutation("CONTACTS_WRITE", _BY, _attribute_delete),
    "contactImportCancel": Mutation("CONTACTS_WRITE", _BY, _import_cancel),
}


async def _job(stage: Stage) -> Values:
    return {"id": await _import(stage)}


async def _personal_data(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "address": "ann@example.com"}


QUERIES = {
    "personalData": Query(
        "CONTACTS_READ",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - CONTACT_READERS, "FORBIDDEN CONTACTS_READ"),
            (CONTACT_READERS, DONE),
        ),
        "",
        _personal_data,
    ),
    "job": Query(
        "CONTACTS_READ",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            ((INSIDE | OUTSIDE) - CONTACT_READERS, "NOT_FOUND"),
            (CONTACT_READERS, DONE),
        ),
        "{ status progress { done total } }",
        _job,
    ),
}

SUBSCRIPTIONS = {
    "job": Subscription("CONTACTS_READ", CONTACT_READERS, "{ status }", _job, is_found_by_id=True),
}

NODES = {
    Kind.CONTACT: NodeOf(_contact, CONTACT_READERS),
    Kind.CONTACT_LIST: NodeOf(_list, CONTACT_READERS),
    Kind.CONTACT_JOB: NodeOf(_import, CONTACT_READERS),
}
