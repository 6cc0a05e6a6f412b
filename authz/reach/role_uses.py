"""Where roles are in use: by whoever holds one now, or may come to hold it without another decision.

A write that changes or deletes an account's roles locks the account for update. A write that gives them,
there or below, locks it at least in share mode; one that shares them locks the root. So what is found under
these locks stays true until the write ends.
"""

import enum
import uuid
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    func,
    literal,
    literal_column,
    select,
    union_all,
)

from authz.policy.permissions import ALL_PERMISSIONS
from authz.reach.grants import membership_holds
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from models.base.ids import Kind
from models.invitations.tables import invitations
from models.members.tables import memberships
from models.shares.tables import share_accounts, shares


class RoleUseKind(enum.Enum):
    """What has or offers a role."""

    MEMBER = "MEMBER"
    INVITATION = "INVITATION"
    API_KEY = "API_KEY"
    SHARE = "SHARE"

    @property
    def node(self) -> Kind:
        """The kind of its global id."""
        return Kind[self.name]


def role_uses() -> FromClause:
    """Rows (master_id, account_id, role_id, scopes_below, kind, id): memberships, open invitations, and keys
    and shares that are not revoked. Expired ones count, as they may be prolonged. A share has a row for each
    of its accounts. `scopes_below`: the mask of what the role can give below the account; of a share nothing.
    """
    everything = literal(ALL_PERMISSIONS, api_keys.c.scopes.type)
    held = _uses(RoleUseKind.MEMBER, memberships, everything).where(membership_holds())
    offered = _uses(RoleUseKind.INVITATION, invitations, everything).where(
        invitations.c.accepted_at.is_(None),
        invitations.c.revoked_at.is_(None),
        invitations.c.expires_at > func.now(),
    )
    keys = _uses(RoleUseKind.API_KEY, api_keys, api_keys.c.scopes).where(api_keys.c.revoked_at.is_(None))
    opened = in_tree(share_accounts, shares, share_id="id")
    nothing = literal(0, api_keys.c.scopes.type)
    shared = (
        _uses(RoleUseKind.SHARE, shares, nothing, share_accounts.c.account_id)
        .select_from(shares.join(share_accounts, opened))
        .where(shares.c.revoked_at.is_(None))
    )
    return union_all(held, offered, keys, shared).subquery("role_uses")


def _uses(
    kind: RoleUseKind,
    table: FromClause,
    scopes_below: ColumnElement[int],
    account_id: ColumnElement[uuid.UUID] | None = None,
) -> Select[Any]:
    return select(
        table.c.master_id,
        (table.c.account_id if account_id is None else account_id).label("account_id"),
        table.c.role_id,
        scopes_below.label("scopes_below"),
        literal_column(f"'{kind.value}'", Text).label("kind"),
        table.c.id,
    )
