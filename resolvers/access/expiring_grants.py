"""Grants that end by themselves, by the database's clock (N9): one entry per kind."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    null,
    select,
    true,
    union_all,
)

from engine.base.client_values import text
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from models.base.ids import Kind
from models.invitations.tables import invitations
from models.members.tables import memberships
from models.parent_access.openings import break_glass_openings
from models.shares.tables import share_accounts, shares
from models.staff.overrides import overrides


@dataclass(frozen=True)
class ExpiringGrant:
    """A kind of grant: its table, and the table that lists the accounts where each grant holds.

    `alive`: it is neither revoked nor replaced. The names are columns of the grants' table: `since` when it
    was given, `ends_at` when it ends (NULL: never), `holder` the person or the key whose permissions end with
    it (None: nobody's), `person` who gets mail before it ends (None: nobody).
    """

    kind: Kind
    grants: Table
    held_in: Table
    alive: ColumnElement[bool]
    since: str = "created_at"
    ends_at: str = "expires_at"
    holder: str | None = None
    person: str | None = None

    @property
    def rows(self) -> Select[Any]:
        """Each grant in each account, with the columns that all kinds share."""
        found = self.grants.c
        nobody = null().cast(Uuid)
        holder = nobody if self.holder is None else found[self.holder]
        is_key = self.kind is Kind.API_KEY
        return select(
            found.master_id,
            self.held_in.c.account_id,
            found.id.label("grant_id"),
            (text(f"{self.kind}_") + found.id.cast(Text)).label("subject_id"),
            found[self.since].label("since"),
            found[self.ends_at].label("ends_at"),
            (nobody if self.person is None else found[self.person]).label("person"),
            (nobody if is_key else holder).label("user_id"),
            (holder if is_key else nobody).label("api_key_id"),
        ).where(self.alive)


_unanswered = and_(invitations.c.accepted_at.is_(None), invitations.c.revoked_at.is_(None))
_opened = and_(in_tree(share_accounts, shares, share_id="id"), shares.c.revoked_at.is_(None))
_accepted = and_(_opened, shares.c.accepted_at.is_not(None))
_offered = and_(_opened, shares.c.accepted_at.is_(None))
_not_ended = break_glass_openings.c.ended_at.is_(None)
_in_force = and_(overrides.c.in_force_from.is_not(None), overrides.c.ended_at.is_(None))

GRANTS = (
    ExpiringGrant(
        Kind.MEMBER, memberships, memberships, true(), since="joined_at", holder="user_id", person="user_id"
    ),
    ExpiringGrant(Kind.API_KEY, api_keys, api_keys, api_keys.c.revoked_at.is_(None), holder="id"),
    ExpiringGrant(Kind.INVITATION, invitations, invitations, _unanswered),
    ExpiringGrant(
        Kind.SHARE,
        shares,
        share_accounts,
        _accepted,
        since="accepted_at",
        holder="user_id",
        person="user_id",
    ),
    ExpiringGrant(Kind.SHARE, shares, share_accounts, _offered, ends_at="link_expires_at"),
    ExpiringGrant(
        Kind.BREAK_GLASS,
        break_glass_openings,
        break_glass_openings,
        break_glass_openings.c.ended_at.is_(None),
        holder="user_id",
    ),
    ExpiringGrant(Kind.OVERRIDE, overrides, overrides, _in_force, since="in_force_from", holder="user_id"),
)


def all_grants() -> CompoundSelect[Any]:
    """The grants of every kind, in all trees."""
    return union_all(*(grant.rows for grant in GRANTS))
