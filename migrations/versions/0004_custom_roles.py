"""custom roles: versions, deletion, names unique in an account; the built-in roles are the owner's alone"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ROLE = "mandant_application"

GRANTS = {
    "roles": (
        "INSERT, UPDATE (name, description, member_mask, ancestor_mask, inherited_mask, version, deleted_at)"
    ),
    "role_policy_lines": "INSERT, DELETE",
}

# Who may write rows of these tables could make himself an owner everywhere; so what is built in is out of the
# application's hands, whatever it is made to say. The tables' owner, who migrates, is not bound.
IS_CUSTOM = {
    "roles": "account_id IS NOT NULL",
    "role_policy_lines": (
        "EXISTS (SELECT FROM roles WHERE roles.id = role_id AND roles.account_id IS NOT NULL)"
    ),
}


def upgrade() -> None:
    op.add_column("roles", sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False))
    op.add_column("roles", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_roles_of_an_account_or_built_in"), "roles", "(master_id IS NULL) = (account_id IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_roles_description_length"), "roles", "char_length(description) <= 200"
    )
    op.create_check_constraint(op.f("ck_roles_name_length"), "roles", "char_length(name) BETWEEN 1 AND 200")
    op.create_index(
        "uq_roles_account_id_name",
        "roles",
        ["account_id", sa.text("lower(name)")],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    for table, is_custom in IS_CUSTOM.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_read ON {table} FOR SELECT USING (true)")
        op.execute(f"CREATE POLICY {table}_add ON {table} FOR INSERT WITH CHECK ({is_custom})")
        op.execute(f"CREATE POLICY {table}_change ON {table} FOR UPDATE USING ({is_custom})")
        op.execute(f"CREATE POLICY {table}_remove ON {table} FOR DELETE USING ({is_custom})")
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
