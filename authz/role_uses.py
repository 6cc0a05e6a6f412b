"""Where roles are in use: whoever holds one now, or may come to hold it without being given it again.

An account's row is locked by what changes or deletes its roles, and locked in share mode at least by what
gives them there and below; what shares them locks the root. So what is found under these locks stays true
until the change is done.
"""

from sqlalchemy import FromClause, and_, func, literal, select, union_all

from authz.permissions import ALL_PERMISSIONS
from authz.reach import membership_holds
from models.api_keys import api_keys
from models.invitations import invitations
from models.members import memberships
from models.shares import share_accounts, shares


def role_uses() -> FromClause:
    """Rows (master_id, account_id, role_id, scopes_below): memberships, open invitations, and keys and shares
    that are not revoked, as those that have ended may work again. `scopes_below` is what is left at most of
    what the role gives below the account: nothing of what is shared."""
    everything = literal(ALL_PERMISSIONS, api_keys.c.scopes.type).label("scopes_below")
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
    opened = and_(share_accounts.c.master_id == shares.c.master_id, share_accounts.c.share_id == shares.c.id)
    shared = (
        select(
            shares.c.master_id,
            share_accounts.c.account_id,
            shares.c.role_id,
            literal(0, api_keys.c.scopes.type),
        )
        .select_from(shares.join(share_accounts, opened))
        .where(shares.c.revoked_at.is_(None))
    )
    return union_all(held, offered, keys, shared).subquery("role_uses")
