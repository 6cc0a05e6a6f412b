"""SCIM"""

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"

GRANTS = {
    "scim_users": "SELECT, INSERT, UPDATE, DELETE",
    "scim_groups": "SELECT, INSERT, UPDATE, DELETE",
    "scim_group_members": "SELECT, INSERT, DELETE",
    "scim_group_roles": "SELECT, INSERT, UPDATE, DELETE",
    "scim_memberships": "SELECT, INSERT, DELETE",
}


def upgrade() -> None:
    op.create_table(
        "scim_users",
        *_account(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False, comment="As the directory writes it."),
        sa.Column("user_name_folded", sa.Text(), nullable=False, comment="What is compared."),
        sa.Column("external_id", sa.Text()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("display_name", sa.Text()),
        sa.Column("given_name", sa.Text()),
        sa.Column("family_name", sa.Text()),
        *_changes(),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_scim_users")),
        _account_reference("scim_users"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_scim_users_user_id")),
        sa.UniqueConstraint(
            "master_id", "account_id", "user_id", name=op.f("uq_scim_users_master_id_account_id_user_id")
        ),
        sa.UniqueConstraint(
            "master_id",
            "account_id",
            "user_name_folded",
            name=op.f("uq_scim_users_master_id_account_id_user_name_folded"),
        ),
    )
    op.create_index("ix_scim_users_user_id", "scim_users", ["user_id"])
    _groups()
    op.create_table(
        "scim_memberships",
        *_account(),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("master_id", "account_id", "user_id", name=op.f("pk_scim_memberships")),
        _account_reference("scim_memberships"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_scim_memberships_user_id")),
        comment="Memberships that a group has given, and so takes away again.",
    )
    op.create_index("ix_scim_memberships_user_id", "scim_memberships", ["user_id"])
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO mandant_application")


def _groups() -> None:
    op.create_table(
        "scim_groups",
        *_account(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text()),
        *_changes(),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_scim_groups")),
        _account_reference("scim_groups"),
        sa.UniqueConstraint(
            "master_id",
            "account_id",
            "display_name",
            name=op.f("uq_scim_groups_master_id_account_id_display_name"),
        ),
    )
    op.create_index("ix_scim_groups_id", "scim_groups", ["id"])
    op.create_table(
        "scim_group_members",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("scim_user_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("master_id", "group_id", "scim_user_id", name=op.f("pk_scim_group_members")),
        _of_a_group("scim_group_members"),
        sa.ForeignKeyConstraint(
            ["master_id", "scim_user_id"],
            ["scim_users.master_id", "scim_users.id"],
            name=op.f("fk_scim_group_members_master_id_scim_user_id"),
        ),
    )
    op.create_index("ix_scim_group_members_scim_user_id", "scim_group_members", ["master_id", "scim_user_id"])
    op.create_table(
        "scim_group_roles",
        *_account(),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("master_id", "group_id", "account_id", name=op.f("pk_scim_group_roles")),
        _account_reference("scim_group_roles"),
        _of_a_group("scim_group_roles"),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_scim_group_roles_role_id")),
        comment="The role that a group's members have in an account.",
    )


def _account() -> list[sa.Column[object]]:
    return [
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
    ]


def _changes() -> list[sa.Column[object]]:
    moments: list[sa.Column[object]] = [
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
        for name in ("created_at", "updated_at")
    ]
    return [sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False), *moments]


def _account_reference(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["master_id", "account_id"],
        ["accounts.master_id", "accounts.id"],
        name=op.f(f"fk_{table}_master_id_account_id"),
    )


def _of_a_group(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["master_id", "group_id"],
        ["scim_groups.master_id", "scim_groups.id"],
        name=op.f(f"fk_{table}_master_id_group_id"),
    )
