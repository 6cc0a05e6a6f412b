"""What the payloads of mutations have in common."""

from typing import Any, ClassVar, TypeVar

import strawberry
from sqlalchemy import Uuid

from engine.declare.declarations import entity, entity_of, to_one
from engine.declare.entity_objects import row_object
from resolvers.accounts import reads as accounts
from schema.fields.dry_runs import AccessChange
from schema.fields.references import AccountRef
from schema.fields.user_errors import UserError


@strawberry.type
class Payload:
    """The fields of every payload."""

    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="The reasons why nothing was changed; empty on success."
    )
    authz_revision: str | None = strawberry.field(
        default=None,
        description="Identifies the change. Send it as the header `X-Authz-Min-Revision` with a later read "
        "to be sure that the read includes the change. Opaque; null if the mutation was refused or was a "
        "dry run.",
    )
    dry_runs_tell: ClassVar[tuple[str, ...]] = ()
    """The fields that the payload of a dry run has besides `accessChanges`."""


@strawberry.type
class AccessPayload(Payload):
    """The payload of a mutation that changes access. Its input has `dryRun`."""

    access_changes: list[AccessChange] | None = strawberry.field(
        default=None,
        description="For a dry run, who would gain and lose which rights in which account, at most 200 "
        "entries; null if it was no dry run or was refused.",
    )
    more_access_changes: bool = strawberry.field(
        default=False,
        description="For a dry run, whether there are more changes than were examined or returned.",
    )


P = TypeVar("P", bound=Payload)


def payload(type_: type[P], **values: object) -> P:
    """A payload: the values that its SQL fields are read by (`carries`), and its plain fields."""
    carried = {name: values.pop(name, None) for name in entity_of(type_).carries}
    return row_object(type_, carried, **{"user_errors": list[UserError](), **values})


def removed_id(what: str) -> Any:
    """A payload's field with the id of a removed object, which the payload cannot show any more."""
    return strawberry.field(
        default=None, description=f"The id of the removed {what}; null if nothing was changed."
    )


@entity(None, carries={"account_id": Uuid()})
class AccountPayload(AccessPayload):
    """The changed account."""

    account: AccountRef | None = to_one(accounts.of_result)
