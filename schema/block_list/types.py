"""Entries of block lists."""

import datetime

import strawberry
from sqlalchemy import Uuid

from authz.policy.permissions import Permission
from engine.base.marks import Requires
from engine.declare.connections import PageInfo
from engine.declare.declarations import entity, to_one
from models.block_list.tables import BlockReason
from resolvers.block_list import reads
from schema.fields.references import AccountRef


@entity(None, carries={"inherited_from_id": Uuid()}, requires=Permission.BLOCK_LIST_READ)
class BlockListEntry:
    """An address that an account, and all accounts below it, never write to."""

    id: strawberry.ID = strawberry.field(
        description="Its id, for `blockListRemove`; another one where the account that made the entry "
        "is outside your reach."
    )
    address: str | None = strawberry.field(
        description="The e-mail address or phone number, as it was given. Null if only its hash was given, "
        "after the contact was erased, 30 days after the account was closed, "
        "and for an inherited entry if you lack BLOCK_LIST_READ in the account "
        "that made it."
    )
    hash: str | None = strawberry.field(
        description="The SHA-256 of the canonical form of the address, in lower-case hexadecimal, to compare "
        "with your own. Null after the contact was erased, and 30 days after the account was closed."
    )
    reason: BlockReason = strawberry.field(description="Why it is blocked.")
    source: str | None = strawberry.field(
        description="Where it came from, as whoever entered it wrote. Null for an inherited entry if you "
        "lack BLOCK_LIST_READ in the account that made it."
    )
    entered_by_id: strawberry.ID | None = strawberry.field(
        description="The id of the person or API key that entered it. Null if you lack MEMBERS_READ (people) "
        "or API_KEYS_READ (keys) in the account that made it."
    )
    created_at: datetime.datetime = strawberry.field(description="When it was entered.")
    is_inherited: bool = strawberry.field(
        description="Whether an account above has made it. It can only be removed there."
    )
    inherited_from: AccountRef | None = to_one(reads.inherited_from)


@strawberry.type(
    description="A page of a block list.", directives=[Requires(permission=Permission.BLOCK_LIST_READ.name)]
)
class BlockListPage:
    nodes: list[BlockListEntry] = strawberry.field(description="The page's entries.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
