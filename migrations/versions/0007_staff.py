"""platform staff, what they override in accounts, and requests for subaccounts"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

ROLE = "mandant_application"

# Who is staff is the owner's alone to say; what was said when is not even for the application to read.
GRANTS = {
    "staff": "SELECT",
    "overrides": "SELECT, INSERT, UPDATE (approved_by, in_force_from, ended_by, ended_at)",
    "subaccounts_requests": (
        "SELECT, INSERT, UPDATE (answered_by, override_id, decline_reason, answered_at)"
    ),
}


def upgrade() -> None:

    op.create_table(
        "overrides",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unsubscribe_scope", sa.Text(), comment="The value of UNSUBSCRIBE_SCOPE (R77)."),
        sa.Column("sending_domains", sa.Integer(), comment="The value of SENDING_DOMAINS: how many (R80)."),
        sa.Column(
            "field_functions", sa.Boolean(), comment="The value of FIELD_FUNCTIONS: whether they work (R83)."
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("approved_by", sa.Uuid(), comment="The second pair of eyes."),
        sa.Column("ended_by", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("in_force_from", sa.DateTime(timezone=True)),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "(field_functions IS NOT NULL) = (kind = 'FIELD_FUNCTIONS')",
            name=op.f("ck_overrides_field_functions_of_its_kind"),
        ),
        sa.CheckConstraint(
            "(sending_domains IS NOT NULL) = (kind = 'SENDING_DOMAINS')",
            name=op.f("ck_overrides_sending_domains_of_its_kind"),
        ),
        sa.CheckConstraint(
            "(unsubscribe_scope IS NOT NULL) = (kind = 'UNSUBSCRIBE_SCOPE')",
            name=op.f("ck_overrides_unsubscribe_scope_of_its_kind"),
        ),
        sa.CheckConstraint(
            "kind IN ('SUBACCOUNTS', 'UNSUBSCRIBE_SCOPE', 'SENDING_DOMAINS', 'FIELD_FUNCTIONS', 'REVIEW_APPROVED')",
            name=op.f("ck_overrides_kind"),
        ),
        sa.CheckConstraint(
            "kind NOT IN ('UNSUBSCRIBE_SCOPE', 'REVIEW_APPROVED') OR (in_force_from IS NULL) = (approved_by IS NULL)",
            name=op.f("ck_overrides_four_eyes"),
        ),
        sa.CheckConstraint(
            "unsubscribe_scope IN ('ACCOUNT', 'LIST')", name=op.f("ck_overrides_unsubscribe_scope")
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_overrides_ended")),
        sa.CheckConstraint("approved_by <> made_by", name=op.f("ck_overrides_nobody_approves_his_own")),
        sa.CheckConstraint("char_length(reason) BETWEEN 1 AND 200", name=op.f("ck_overrides_reason_length")),
        sa.CheckConstraint("sending_domains BETWEEN 1 AND 10000", name=op.f("ck_overrides_sending_domains")),
        sa.ForeignKeyConstraint(["approved_by"], ["users.id"], name=op.f("fk_overrides_approved_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name=op.f("fk_overrides_ended_by")),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_overrides_made_by")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_overrides_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_overrides")),
    )
    op.create_index("ix_overrides_account_id_id", "overrides", ["account_id", "id"])
    op.create_index("ix_overrides_id", "overrides", ["id"])
    op.create_index(
        "ix_overrides_waiting",
        "overrides",
        ["id"],
        postgresql_where=sa.text("in_force_from IS NULL AND ended_at IS NULL"),
    )
    op.create_table(
        "staff",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("role IN ('AGENT', 'APPROVER')", name=op.f("ck_staff_role")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_staff_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_staff")),
        comment="It gives no reach into any tree.",
    )
    op.create_table(
        "staff_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="Given, or held until then."),
        sa.Column("made_by", sa.Text(), nullable=False, comment="Who ran the command, on that machine."),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('ADDED', 'ROLE_CHANGED', 'REMOVED')", name=op.f("ck_staff_changes_kind")
        ),
        sa.CheckConstraint("role IN ('AGENT', 'APPROVER')", name=op.f("ck_staff_changes_role")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_staff_changes_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_changes")),
        comment="Rows are only ever added, by the owner; the application may not even read them.",
    )
    op.create_index(op.f("ix_staff_changes_user_id"), "staff_changes", ["user_id"])
    op.create_table(
        "subaccounts_requests",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Uuid()),
        sa.Column("override_id", sa.Uuid(), comment="What granted it."),
        sa.Column("decline_reason", sa.Text(), comment="Why it was declined."),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answered_by IS NULL)", name=op.f("ck_subaccounts_requests_answered")
        ),
        sa.CheckConstraint(
            "char_length(decline_reason) BETWEEN 1 AND 200",
            name=op.f("ck_subaccounts_requests_decline_reason_length"),
        ),
        sa.CheckConstraint(
            "char_length(reason) BETWEEN 1 AND 200", name=op.f("ck_subaccounts_requests_reason_length")
        ),
        sa.CheckConstraint(
            "num_nonnulls(override_id, decline_reason) = (answered_at IS NOT NULL)::int",
            name=op.f("ck_subaccounts_requests_one_answer"),
        ),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["users.id"], name=op.f("fk_subaccounts_requests_answered_by")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_subaccounts_requests_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "override_id"],
            ["overrides.master_id", "overrides.id"],
            name=op.f("fk_subaccounts_requests_master_id_override_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_subaccounts_requests")),
    )
    op.create_index("ix_subaccounts_requests_account_id_id", "subaccounts_requests", ["account_id", "id"])
    op.create_index("ix_subaccounts_requests_id", "subaccounts_requests", ["id"])
    op.create_index(
        "uq_subaccounts_requests_open",
        "subaccounts_requests",
        ["master_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    op.add_column(
        "events",
        sa.Column("staff_user_id", sa.Uuid(), comment="Of platform staff; never shown in the account."),
    )
    op.create_foreign_key(op.f("fk_events_staff_user_id"), "events", "users", ["staff_user_id"], ["id"])
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
