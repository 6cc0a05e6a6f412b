"""settings, and where their values come from"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"

ROLE = "mandant_application"
SETTINGS = (
    "'TIME_ZONE', 'DEFAULT_COUNTRY', 'LANGUAGE', 'SENDER_NAME', 'SENDER_ADDRESS', 'UNSUBSCRIBE_PAGE', "
    "'BOUNCE_LIMITS', 'QUIET_HOURS', 'FIELD_FUNCTIONS'"
)


def upgrade() -> None:
    op.create_table(
        "settings",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("setting", sa.Text(), nullable=False),
        sa.Column(
            "value",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            comment="Null: the account has none, and only locks it.",
        ),
        sa.Column(
            "locked", sa.Boolean(), nullable=False, comment="Accounts below cannot have a value of their own."
        ),
        sa.Column("copied_from_id", sa.Uuid(), comment="The account that the value was copied from."),
        sa.Column("copied_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(f"setting IN ({SETTINGS})", name=op.f("ck_settings_setting")),
        sa.CheckConstraint("value IS NOT NULL OR locked", name=op.f("ck_settings_content")),
        sa.CheckConstraint(
            "copied_from_id IS NULL OR value IS NOT NULL", name=op.f("ck_settings_copied_value")
        ),
        sa.CheckConstraint(
            "setting <> 'FIELD_FUNCTIONS' OR value IS NULL", name=op.f("ck_settings_functions_elsewhere")
        ),
        sa.CheckConstraint("(copied_from_id IS NULL) = (copied_at IS NULL)", name=op.f("ck_settings_copied")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_settings_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "copied_from_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_settings_master_id_copied_from_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", "setting", name=op.f("pk_settings")),
        comment="What accounts have set or locked themselves. Accounts below inherit it.",
    )
    op.create_table(
        "field_functions",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("copied_from_id", sa.Uuid(), comment="The account that the value was copied from."),
        sa.Column("copied_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("name ~ '^[a-z][a-z0-9_]{0,49}$'", name=op.f("ck_field_functions_name")),
        sa.CheckConstraint(
            "char_length(text) BETWEEN 1 AND 2000", name=op.f("ck_field_functions_text_length")
        ),
        sa.CheckConstraint(
            "(copied_from_id IS NULL) = (copied_at IS NULL)", name=op.f("ck_field_functions_copied")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_field_functions_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "copied_from_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_field_functions_master_id_copied_from_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", "name", name=op.f("pk_field_functions")),
        comment="The values of the setting FIELD_FUNCTIONS: named texts, inherited and replaced name by name.",
    )
    for table, values in {"settings": "value, locked", "field_functions": "text"}.items():
        op.create_index(
            f"ix_{table}_copied_from_id",
            table,
            ["copied_from_id"],
            postgresql_where=sa.text("copied_from_id IS NOT NULL"),
        )
        op.execute(f"GRANT SELECT, INSERT, DELETE ON {table} TO {ROLE}")
        op.execute(f"GRANT UPDATE ({values}, copied_from_id, copied_at) ON {table} TO {ROLE}")
