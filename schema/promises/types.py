"""Promises."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import global_id, mask_of
from engine.declare.declarations import column, computed, entity, to_many, to_one
from models.base.ids import Kind
from models.promises.tables import MOST_ROLES, access_promises
from resolvers.promises import reads
from schema.fields.node import ID_DESCRIPTION, Node
from schema.people.types import User
from schema.roles.types import Role


@entity(access_promises, requires=Permission.MEMBERS_READ)
class AccessPromise(Node):
    """That nobody but the holders of some roles has a permission in an account, whatever way it comes by: a
    membership, a share or an API key, here or above. Each later change of access is refused with
    PROMISE_BROKEN where it would break it, unless an owner of the account gives a reason. Break-glass, which
    has a reason of its own, is not held to it."""

    id: strawberry.ID = column(codec=global_id(Kind.ACCESS_PROMISE), description=ID_DESCRIPTION)
    permissions: list[Permission] = computed(reads.permissions_of, codec=mask_of(Permission))
    roles: list[Role] = to_many(reads.roles_of, most=MOST_ROLES)
    exception_count: int = computed(reads.exceptions_of)
    made_by: User | None = to_one(reads.maker_of)
    created_at: datetime.datetime = column(description="When it was made.")
    ended_at: datetime.datetime | None = column(description="When it was ended.")
