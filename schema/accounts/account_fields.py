"""An account's own fields."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, global_id, mask_of
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, to_many, to_one
from models.accounts.tables import (
    DEPTH_LIMIT,
    AccountKind,
    AccountStatus,
    ApiKeyCreationPlace,
    RightsInheritance,
)
from models.base.ids import Kind
from resolvers.accounts import reads
from schema.fields.node import ID_DESCRIPTION
from schema.fields.references import AccountRef

_STATUS = enum_of(AccountStatus)


@strawberry.type
class AccountFields:
    id: strawberry.ID = column(codec=global_id(Kind.ACCOUNT), description=ID_DESCRIPTION)
    external_id: str | None = column(
        description="Your own id for the account, unique among the parent's accounts that are not closed."
    )
    name: str = column(description="The account's name, as its owner wrote it.")
    kind: AccountKind = computed(reads.kind_of, codec=enum_of(AccountKind))
    status: AccountStatus = computed(reads.status_of, codec=_STATUS)
    own_status: AccountStatus = computed(reads.own_status_of, codec=_STATUS)
    rights_inheritance: RightsInheritance | None = column(
        codec=enum_of(RightsInheritance),
        requires=Permission.SETTINGS_READ,
        description="Which roles in this account also apply in the accounts below.",
    )
    api_key_creation: ApiKeyCreationPlace | None = computed(
        reads.api_key_creation_of, codec=enum_of(ApiKeyCreationPlace), requires=Permission.SETTINGS_READ
    )
    created_at: datetime.datetime = column(description="When it was created.")
    version: int = column(description="Increases with every change. Send it as `expectedVersion`.")
    parent: AccountRef | None = to_one(reads.parent_of)
    master: AccountRef | None = to_one(reads.master_of)
    ancestors: list[AccountRef] = to_many(reads.ancestors_of, most=DEPTH_LIMIT)
    subaccounts: Connection[AccountRef] | None = connection(
        reads.subaccounts_of, order=reads.order, requires=Permission.SUBACCOUNTS_READ
    )
    viewer_permissions: list[Permission] = computed(reads.permissions_of, codec=mask_of(Permission))
    viewer_can: bool = computed(reads.can)
