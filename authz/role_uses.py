"""Where roles are in use: whoever holds one now, or may come to hold it without being given it again.

An account's row is locked by what changes or deletes its roles, and locked in share mode at least by what
gives them there and below, so what is found under that lock stays true until the change is done.
"""

from sqlalchemy import FromClause, func, literal, select, union_all

from authz.permissions import ALL_PERMISSIONS
from authz.reach import membership_holds
from models.api_keys import api_keys
from models.invitations import invitations
from models.members import memberships


def role_uses() -> FromClause:
    """Rows (master_id, account_id, role_id, scopes): memberships, open invitations, and keys that are not
    revoked, as the others may work again. `scopes` is what is left of the role at most."""
    everything = literal(ALL_PERMISSIONS, api_keys.c.scopes.type).label("scopes")
    held = select(memberships.c.master_id, memberships.c.account_id, memberships.c.role_id, everything).where(
        membership_holds()
    )
    offered = select(
        invitations.c.master_id, invitations.c.account_id, invitations.c.role_id, everything
    ).where(
        invitations.c.accepted_at.is_(None),
        invitations.c.revoked_at.is_(None),
        invitations.c.expires_at > func.now(),
    )
    keys = select(api_keys.c.master_id, api_keys.c.account_id, api_keys.c.role_id, api_keys.c.scopes).where(
        api_keys.c.revoked_at.is_(None)
    )
    return union_all(held, offered, keys).subquery("role_uses")
