"""What mutations of contacts answer."""

import strawberry
from sqlalchemy import Uuid

from authz.guards.exclusive import Authorized
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal
from engine.base.marks import Public
from engine.declare.declarations import entity, to_one
from engine.declare.far import ITEM, FarParent
from models.base.ids import Kind, present_in_account
from resolvers.accounts import reads as accounts
from resolvers.contacts import attribute_reads, list_reads, reads
from resolvers.contacts.jobs import reads as job_reads
from resolvers.contacts.upsert import ContactOutcome, ContactResult
from schema.contacts.job_types import ContactJob
from schema.contacts.types import Contact, ContactAttribute, ContactList
from schema.fields.payloads import Payload, removed_id
from schema.fields.references import AccountRef
from schema.fields.user_errors import RefusedError, UserError, names_in

_NAMED = FarParent("account_id", ITEM)
_CARRIED = {"master_id": Uuid(), "account_id": Uuid(), ITEM: Uuid()}


def carried(account: Authorized, item: object) -> dict[str, object]:
    """What a payload shows something of the data plane by: nothing, if the caller may not see contacts."""
    seen = bool(account.held & Permission.CONTACTS_READ.bit)
    place = {"master_id": account.master_id, ITEM: item} if seen else {}
    return {"account_id": account.account_id, **place}


@entity(None, carries=_CARRIED)
class ContactPayload(Payload):
    """The changed contact."""

    contact: Contact | None = to_one(reads.by_place, far=_NAMED)


@entity(None, carries=_CARRIED)
class ContactListPayload(Payload):
    """The created or changed list."""

    contact_list: ContactList | None = to_one(list_reads.by_place, far=_NAMED)


@entity(None, carries=_CARRIED)
class ContactAttributePayload(Payload):
    """The created attribute."""

    contact_attribute: ContactAttribute | None = to_one(attribute_reads.by_place, far=_NAMED)


@entity(None, carries={"account_id": Uuid()})
class ContactErasePayload(Payload):
    """The account that the contact was erased from."""

    account: AccountRef | None = to_one(accounts.of_result)
    removed_contact_id: strawberry.ID | None = removed_id("contact")


@entity(None, carries={"account_id": Uuid()})
class ContactListDeletePayload(Payload):
    """The account that the list was deleted from."""

    account: AccountRef | None = to_one(accounts.of_result)
    removed_contact_list_id: strawberry.ID | None = removed_id("list")


@entity(None, carries={"account_id": Uuid(), "job_id": Uuid()})
class ContactAttributeDeletePayload(Payload):
    """The account that the attribute was deleted from."""

    account: AccountRef | None = to_one(accounts.of_result)
    job: ContactJob | None = to_one(job_reads.of_result, description="It removes the attribute's values.")
    removed_name: str | None = strawberry.field(
        default=None, description="The name of the deleted attribute; null if nothing was deleted."
    )


@strawberry.type(name="ContactUpsertResult", description="What became of one contact.", directives=[Public()])
class ContactUpsertResult:
    index: int = strawberry.field(description="Its position in `contacts`, from 0.")
    outcome: ContactOutcome = strawberry.field(description="What was done.")
    contact_id: strawberry.ID | None = strawberry.field(
        description="The contact's id; null if it was refused."
    )
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; else empty.")


@entity(None, carries={"account_id": Uuid()})
class ContactUpsertPayload(Payload):
    """The account, and a result for each contact."""

    account: AccountRef | None = to_one(accounts.of_result)
    results: list[ContactUpsertResult] | None = strawberry.field(
        default=None, description="In the order of `contacts`; null if the whole request was refused."
    )


def result_of(account: Authorized, result: ContactResult) -> ContactUpsertResult:
    """The result as clients see it."""
    found = result.contact_id
    shown = None if found is None else present_in_account(Kind.CONTACT, account.account_id, found)
    errors = [] if result.refusal is None else [_error(result.index, result.refusal)]
    return ContactUpsertResult(
        index=result.index,
        outcome=result.outcome,
        contact_id=None if shown is None else strawberry.ID(shown),
        user_errors=errors,
    )


def _error(index: int, refusal: Refusal) -> UserError:
    inside = [] if refusal.field is None else names_in(refusal.field)
    path = ["input", "contacts", str(index), *inside]
    return RefusedError(code=refusal.code, field=path, message=refusal.message)
