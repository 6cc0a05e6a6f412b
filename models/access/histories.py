"""What rights were made of at each moment: for each table that reach reads, a history of its rows (N2).

The database keeps a history itself, in the transaction of the change: triggers call a stored function (see
`keep_history.sql`). A version of a row holds from the moment of a change to the moment of the next one. What
changes nothing in rights, such as a name or the last use of a key, makes no version.
"""

import enum
from dataclasses import dataclass

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, Table, column, func
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from models.accounts.tables import accounts
from models.api_keys.tables import api_keys
from models.base.columns import NOT_OF_A_TREE, Column, moment
from models.base.planes import control_table
from models.members.tables import memberships
from models.narrowed_tokens.tables import narrowed_tokens
from models.parent_access.openings import break_glass_openings
from models.promises.tables import access_promises
from models.roles.tables import role_policy_lines, roles
from models.shares.tables import share_accounts, shares


class Holder(enum.Enum):
    """Whose rights are made of a row: a person's, a key's, those of whoever has a role, or of a share's
    guest. `mandant_access_changes` reads these names."""

    USER = "user"
    KEY = "key"
    ROLE = "role"
    SHARE = "share"


@dataclass(frozen=True)
class History:
    """`table`: whose rows are kept. `key`: what a row is found by and never changes. `kept`: the columns
    whose changes make a version. `versions`: the table that holds them. `holder`: whose rights are made of a
    row, and the column with the id; None: everybody's in an account, or nobody's."""

    table: Table
    key: tuple[str, ...]
    kept: tuple[str, ...]
    versions: Table
    holder: tuple[Holder, str] | None

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that a version has of the row."""
        return (*self.key, *self.kept)


_OF_A_TREE = ("master_id", "id")


def _history(
    table: Table,
    *kept: str,
    key: tuple[str, ...] = _OF_A_TREE,
    found_by: tuple[tuple[str, ...], ...] = (),
    crowded_by: tuple[str, ...] = (),
    holder: tuple[Holder, str] | None = None,
) -> History:
    """`found_by`: the columns by which reach finds rows, besides the key. `crowded_by`: a column each, where
    very many versions have one value, and few of them hold at a moment."""
    name = f"{table.name}_history"
    copied = [Column(each, table.c[each].type, nullable=table.c[each].nullable) for each in (*key, *kept)]
    period = func.tstzrange(column("holds_from"), column("holds_until"))
    versions = control_table(
        name,
        *copied,
        moment("holds_from", nullable=False),
        moment("holds_until", nullable=False),
        PrimaryKeyConstraint(*key, "holds_from"),
        CheckConstraint("holds_from < holds_until", name="period"),
        ExcludeConstraint(*((each, "=") for each in key), (period, "&&"), name=f"ex_{name}", using="gist"),
        *(Index(None, *columns) for columns in found_by),
        *(
            Index(f"ix_{name}_{each}_period", each, "holds_from", "holds_until", postgresql_using="gist")
            for each in crowded_by
        ),
        info=table.info if NOT_OF_A_TREE in table.info else None,
    )
    return History(table, key, kept, versions, holder)


HISTORIES = (
    _history(accounts, "parent_id", "status", "rights_inheritance", "parent_access"),
    _history(
        memberships,
        *("account_id", "user_id", "role_id", "expires_at", "below_limit", "below_limit_until"),
        found_by=(("user_id",), ("master_id", "account_id")),
        holder=(Holder.USER, "user_id"),
    ),
    _history(
        roles,
        *("member_mask", "ancestor_mask", "inherited_mask"),
        key=("id",),
        holder=(Holder.ROLE, "id"),
    ),
    _history(role_policy_lines, key=("role_id", "relation", "area", "action", "effect")),
    _history(
        shares,
        *("user_id", "role_id", "areas", "areas_mask", "hidden_areas", "hidden_mask"),
        *("expires_at", "revoked_at"),
        found_by=(("user_id",),),
        holder=(Holder.USER, "user_id"),
    ),
    _history(
        share_accounts,
        key=("master_id", "share_id", "account_id"),
        found_by=(("master_id", "account_id"),),
        holder=(Holder.SHARE, "share_id"),
    ),
    _history(
        api_keys,
        *("account_id", "role_id", "scopes", "ip_ranges", "creator_user_id", "creator_api_key_id"),
        *("adopter_user_id", "when_maker_loses_access", "expires_at", "revoked_at"),
        *("digest", "previous_digest", "previous_expires_at"),
        found_by=(("id",), ("master_id", "account_id")),
        holder=(Holder.KEY, "id"),
    ),
    _history(
        break_glass_openings,
        *("account_id", "user_id", "expires_at", "ended_at"),
        found_by=(("user_id",), ("master_id", "account_id")),
        holder=(Holder.USER, "user_id"),
    ),
    _history(
        access_promises,
        *("account_id", "permission", "role_ids", "ended_at"),
        found_by=(("master_id", "account_id"),),
    ),
    _history(
        narrowed_tokens,
        *("user_id", "api_key_master_id", "api_key_id", "root_digest", "ancestor_ids"),
        *("account_ids", "scopes", "audience", "expires_at", "revoked_at", "created_at"),
        key=("id",),
        found_by=(("root_digest",),),
        crowded_by=("user_id", "api_key_id"),
    ),
)
"""The tree itself has no history: an account's parent never changes, and what passes the links follows from
`parent_access`. Sessions have none, as their ends move with each use: see `models.access.session_ends`."""
