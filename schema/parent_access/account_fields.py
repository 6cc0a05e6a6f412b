"""How far rights from above apply in an account, and who opened it by break-glass."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of
from engine.declare.connections import Connection
from engine.declare.declarations import column, connection, to_one
from models.accounts.tables import ParentAccess
from resolvers.parent_access import openings as break_glass
from resolvers.parent_access import reads as links
from schema.parent_access.types import BreakGlassOpening, ParentAccessRequest


@strawberry.type
class AccountFields:
    parent_access: ParentAccess = column(
        codec=enum_of(ParentAccess),
        description="How far rights held in accounts above apply in this account and below it; FULL for a "
        "master account. Both sides agree on changes, see `parentAccessUpdate`.",
    )
    parent_access_request: ParentAccessRequest | None = to_one(links.request_of)
    break_glass_openings: Connection[BreakGlassOpening] | None = connection(
        break_glass.of_account, order=break_glass.BY_ID, requires=Permission.AUDIT_READ
    )
