"""The people and groups of a master account, as the company's directory provisions them (SCIM 2.0)."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)

from models.base.columns import Column, account_columns, account_reference, created_at
from models.base.planes import control_table


def _updated_at() -> Column[object]:
    return Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now())


def _version() -> Column[object]:
    return Column("version", BigInteger, nullable=False, server_default=text("1"))


scim_users = control_table(
    "scim_users",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("user_name", Text, nullable=False, comment="As the directory writes it."),
    Column("user_name_folded", Text, nullable=False, comment="What is compared."),
    Column("external_id", Text),
    Column("active", Boolean, nullable=False),
    Column("display_name", Text),
    Column("given_name", Text),
    Column("family_name", Text),
    _version(),
    created_at(),
    _updated_at(),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    UniqueConstraint("master_id", "account_id", "user_id"),
    UniqueConstraint("master_id", "account_id", "user_name_folded"),
    Index("ix_scim_users_user_id", "user_id"),
)

scim_groups = control_table(
    "scim_groups",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("external_id", Text),
    _version(),
    created_at(),
    _updated_at(),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    UniqueConstraint("master_id", "account_id", "display_name"),
    Index("ix_scim_groups_id", "id"),
)


def _of_a_group() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["master_id", "group_id"], ["scim_groups.master_id", "scim_groups.id"])


scim_group_members = control_table(
    "scim_group_members",
    Column("master_id", Uuid, nullable=False),
    Column("group_id", Uuid, nullable=False),
    Column("scim_user_id", Uuid, nullable=False),
    PrimaryKeyConstraint("master_id", "group_id", "scim_user_id"),
    _of_a_group(),
    ForeignKeyConstraint(["master_id", "scim_user_id"], ["scim_users.master_id", "scim_users.id"]),
    Index("ix_scim_group_members_scim_user_id", "master_id", "scim_user_id"),
)

scim_group_roles = control_table(
    "scim_group_roles",
    *account_columns(),
    Column("group_id", Uuid, nullable=False),
    Column("role_id", Uuid, ForeignKey("roles.id"), nullable=False),
    PrimaryKeyConstraint("master_id", "group_id", "account_id"),
    account_reference(),
    _of_a_group(),
    comment="The role that a group's members have in an account.",
)

scim_memberships = control_table(
    "scim_memberships",
    *account_columns(),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    PrimaryKeyConstraint("master_id", "account_id", "user_id"),
    account_reference(),
    Index("ix_scim_memberships_user_id", "user_id"),
    comment="Memberships that a group has given, and so takes away again.",
)
