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
    """Of every mutation."""

    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was changed; empty: it was done."
    )
    authz_revision: str | None = strawberry.field(
        default=None,
        description="Names the change. A read with it in the header `X-Authz-Min-Revision` contains it. "
        "Opaque; null where nothing was done.",
    )
    dry_runs_tell: ClassVar[tuple[str, ...]] = ()
    """The fields that the payload of a dry run has besides `accessChanges`."""


@strawberry.type
class AccessPayload(Payload):
    """Of a mutation that changes access: its input has `dryRun`."""

    access_changes: list[AccessChange] | None = strawberry.field(
        default=None,
        description="Of a dry run: who would gain and lose what where, by account, at most 200; null: it was "
        "none, or was refused.",
    )
    more_access_changes: bool = strawberry.field(
        default=False, description="Of a dry run: it was too much to look at, or to tell, all of it."
    )


P = TypeVar("P", bound=Payload)


def payload(type_: type[P], **values: object) -> P:
    """A payload: what its fields are read by (`carries`), and its plain fields."""
    carried = {name: values.pop(name, None) for name in entity_of(type_).carries}
    return row_object(type_, carried, **{"user_errors": list[UserError](), **values})


def replayed(description: str = "It was made by an earlier request under the same key.") -> Any:
    """The field of a payload of what is done once for each idempotency key."""
    return strawberry.field(default=False, description=description)


def removed_id(what: str) -> Any:
    """The field that tells which object is gone, where the payload cannot show it any more."""
    return strawberry.field(
        default=None, description=f"The id of the {what} that is gone; null where nothing was done."
    )


@entity(None, carries={"account_id": Uuid()})
class AccountPayload(AccessPayload):
    """An account that was changed."""

    account: AccountRef | None = to_one(accounts.of_result)
