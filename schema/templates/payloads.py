"""What mutations of templates answer."""

import strawberry
from sqlalchemy import Uuid

from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.declare.far import ITEM, FarParent
from resolvers.accounts import reads as accounts
from resolvers.templates import reads
from resolvers.templates.store import TemplateChange
from schema.fields.payloads import Payload, removed_id
from schema.fields.references import AccountRef
from schema.templates.types import Template


def carried(change: TemplateChange) -> dict[str, object]:
    """What a payload shows the template by: nothing, if the caller may not see templates."""
    account = change.account
    seen = bool(account.held & Permission.TEMPLATES_READ.bit)
    place = {"master_id": account.master_id, ITEM: change.template_id} if seen else {}
    return {"account_id": account.account_id, **place}


@entity(None, carries={"master_id": Uuid(), "account_id": Uuid(), ITEM: Uuid()})
class TemplatePayload(Payload):
    """The created or changed template."""

    template: Template | None = to_one(reads.by_place, far=FarParent("account_id", ITEM))


@entity(None, carries={"account_id": Uuid()})
class TemplateDeletePayload(Payload):
    """The account that the template was deleted from."""

    account: AccountRef | None = to_one(accounts.of_result)
    removed_template_id: strawberry.ID | None = removed_id("template")
