"""the database keeps what rights were made of at each moment"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0086"
down_revision = "0084"

ROLE = "mandant_application"
OF_A_TREE = ("master_id", "id")


def upgrade() -> None:
    # `mandant migrate` writes what is in it.
    op.execute("CREATE SCHEMA past")
    op.execute("CREATE EXTENSION btree_gist SCHEMA past")
    op.execute(f"GRANT USAGE ON SCHEMA past TO {ROLE}")
    _history("accounts", OF_A_TREE, _uuid("parent_id"), *map(_text, STATES))
    _history(
        "memberships",
        OF_A_TREE,
        *(_uuid(name, nullable=False) for name in ("account_id", "user_id", "role_id")),
        _moment("expires_at"),
        sa.Column("below_limit", sa.BigInteger()),
        _moment("below_limit_until"),
        found_by=(("user_id",), ("master_id", "account_id")),
    )
    _history("roles", ("id",), *map(_mask, ("member_mask", "ancestor_mask", "inherited_mask")))
    _history("role_policy_lines", ("role_id", "relation", "area", "action", "effect"))
    _history(
        "shares",
        OF_A_TREE,
        _uuid("user_id"),
        _uuid("role_id"),
        sa.Column("areas", postgresql.ARRAY(sa.Text())),
        _mask("areas_mask"),
        sa.Column("hidden_areas", postgresql.ARRAY(sa.Text()), nullable=False),
        _mask("hidden_mask"),
        _moment("expires_at"),
        _moment("revoked_at"),
        found_by=(("user_id",),),
    )
    _history(
        "share_accounts", ("master_id", "share_id", "account_id"), found_by=(("master_id", "account_id"),)
    )
    _history(
        "api_keys",
        OF_A_TREE,
        _uuid("account_id", nullable=False),
        _uuid("role_id", nullable=False),
        _mask("scopes"),
        sa.Column("ip_ranges", postgresql.ARRAY(postgresql.CIDR()), nullable=False),
        *map(_uuid, ("creator_user_id", "creator_api_key_id", "adopter_user_id")),
        _text("when_maker_loses_access"),
        _moment("expires_at"),
        _moment("revoked_at"),
        found_by=(("id",), ("master_id", "account_id")),
    )
    _history(
        "break_glass_openings",
        OF_A_TREE,
        _uuid("account_id", nullable=False),
        _uuid("user_id", nullable=False),
        _moment("expires_at", nullable=False),
        _moment("ended_at"),
        found_by=(("user_id",), ("master_id", "account_id")),
    )
    _history(
        "access_promises",
        OF_A_TREE,
        _uuid("account_id", nullable=False),
        _mask("permission"),
        sa.Column("role_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        _moment("ended_at"),
        found_by=(("master_id", "account_id"),),
    )


STATES = ("status", "rights_inheritance", "parent_access")


def _history(
    table: str, key: tuple[str, ...], *kept: sa.Column[object], found_by: tuple[tuple[str, ...], ...] = ()
) -> None:
    name = f"{table}_history"
    make = {"relation": _text, "area": _text, "action": _text, "effect": _text}
    own = [make[each](each) if each in make else _uuid(each, nullable=False) for each in key]
    period = sa.text("tstzrange(holds_from, holds_until)")
    op.create_table(
        name,
        *own,
        *kept,
        _moment("holds_from", nullable=False),
        _moment("holds_until", nullable=False),
        sa.CheckConstraint("holds_from < holds_until", name=op.f(f"ck_{name}_period")),
        sa.PrimaryKeyConstraint(*key, "holds_from", name=op.f(f"pk_{name}")),
        postgresql.ExcludeConstraint(
            *((each, "=") for each in key), (period, "&&"), name=op.f(f"ex_{name}"), using="gist"
        ),
    )
    for columns in found_by:
        op.create_index(f"ix_{name}_{'_'.join(columns)}", name, list(columns))
    op.execute(f"GRANT SELECT ON {name} TO {ROLE}")


def _uuid(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=False)


def _mask(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
