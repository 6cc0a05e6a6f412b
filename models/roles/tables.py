"""Roles, their policy lines and the masks that casbin compiled from these. Reference tables.

The built-in roles come from `authz/policy/policy.csv`. A custom role belongs to an account and can be held
there and in its subtree. It has no foreign key, because reference tables never refer to a tree's table. A
deleted role stays without any rights: what was given with it still names it.
"""

import enum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from engine.text.forms import compared, looks
from models.accounts.tables import one_of
from models.base.columns import (
    NOT_OF_A_TREE,
    SHORT_TEXT_LENGTH,
    Column,
    created_at,
    moment,
    short_text,
    short_text_check,
)
from models.base.planes import control_table
from models.base.text_forms import form, sort_form


class Relation(enum.Enum):
    """How the account of a role's holder relates to the account in question."""

    MEMBER = "member"
    ANCESTOR = "ancestor"
    INHERITED = "inherited"


class Effect(enum.Enum):
    """The effect of a policy line. Deny wins."""

    ALLOW = "allow"
    DENY = "deny"


roles = control_table(
    "roles",
    Column("id", Uuid, primary_key=True),
    Column("master_id", Uuid, comment="Null: a built-in role."),
    Column("account_id", Uuid, comment="Null: a built-in role."),
    short_text("name"),
    sort_form(),
    form("compared_name", compared),
    form("looks", looks),
    Column("description", Text, nullable=False, server_default=text("''")),
    Column("member_mask", BigInteger, nullable=False, comment="In the account itself."),
    Column("ancestor_mask", BigInteger, nullable=False, comment="In every account below."),
    Column("inherited_mask", BigInteger, nullable=False, comment="Below, where all roles are passed down."),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    moment("deleted_at"),
    created_at(),
    CheckConstraint("(master_id IS NULL) = (account_id IS NULL)", name="of_an_account_or_built_in"),
    CheckConstraint(f"char_length(description) <= {SHORT_TEXT_LENGTH}", name="description_length"),
    short_text_check("name"),
    Index(
        "uq_roles_account_id_compared_name",
        "account_id",
        "compared_name",
        unique=True,
        postgresql_where=text("deleted_at IS NULL"),
    ),
    Index(
        "uq_roles_name_built_in",
        "name",
        unique=True,
        postgresql_where=text("account_id IS NULL"),
    ),
    info={NOT_OF_A_TREE: "a reference table: each statement reads what a role gives"},
)

role_policy_lines = control_table(
    "role_policy_lines",
    Column("role_id", Uuid, ForeignKey("roles.id"), nullable=False),
    Column("relation", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("effect", Text, nullable=False),
    UniqueConstraint("role_id", "relation", "area", "action", "effect"),
    one_of("relation", Relation),
    one_of("effect", Effect),
)
