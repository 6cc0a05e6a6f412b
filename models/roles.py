"""Roles, their policy lines and what casbin compiled of them. Reference tables.

The built-in roles come from `authz/policy/policy.csv`. A custom role (later) belongs to an account and holds
in its subtree; it has no foreign key, because reference tables never point at a tree's table.
"""

import enum

from sqlalchemy import BigInteger, ForeignKey, Index, Table, Text, UniqueConstraint, Uuid, text

from models.accounts import one_of
from models.base import Column, created_at, metadata


class Relation(enum.Enum):
    """How a role's holder stands to the account that is asked about."""

    MEMBER = "member"
    ANCESTOR = "ancestor"
    INHERITED = "inherited"


class Effect(enum.Enum):
    """What a policy line says; deny wins."""

    ALLOW = "allow"
    DENY = "deny"


roles = Table(
    "roles",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("master_id", Uuid, comment="Null: a built-in role."),
    Column("account_id", Uuid, comment="Null: a built-in role."),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=text("''")),
    Column("member_mask", BigInteger, nullable=False, comment="In the account itself."),
    Column("ancestor_mask", BigInteger, nullable=False, comment="In every account below."),
    Column("inherited_mask", BigInteger, nullable=False, comment="Below, where all roles are passed down."),
    created_at(),
    Index(
        "uq_roles_name_built_in",
        "name",
        unique=True,
        postgresql_where=text("account_id IS NULL"),
    ),
)

role_policy_lines = Table(
    "role_policy_lines",
    metadata,
    Column("role_id", Uuid, ForeignKey("roles.id"), nullable=False),
    Column("relation", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("effect", Text, nullable=False),
    UniqueConstraint("role_id", "relation", "area", "action", "effect"),
    one_of("relation", Relation),
    one_of("effect", Effect),
)
