"""reviews of accounts' contacts, and their samples"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0045"
down_revision = "0040"


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="OPEN", nullable=False),
        sa.Column(
            "contacts",
            sa.BigInteger(),
            nullable=False,
            comment="How many there were to draw the sample from.",
        ),
        sa.Column("checked_by", sa.Uuid(), nullable=True, comment="The first pair of eyes."),
        sa.Column("approved_by", sa.Uuid(), nullable=True, comment="The second pair of eyes."),
        sa.Column("ended_by", sa.Uuid(), nullable=True, comment="Who declined it, or revoked the approval."),
        sa.Column(
            "reason", sa.Text(), nullable=True, comment="Why it was declined, or the approval revoked."
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('OPEN', 'APPROVED', 'DECLINED', 'REVOKED', 'WITHDRAWN')",
            name=op.f("ck_reviews_status"),
        ),
        sa.CheckConstraint("contacts > 0", name=op.f("ck_reviews_contacts")),
        sa.CheckConstraint("(status = 'OPEN') = (decided_at IS NULL)", name=op.f("ck_reviews_decided")),
        sa.CheckConstraint(
            "(status IN ('APPROVED', 'REVOKED')) = (approved_by IS NOT NULL)",
            name=op.f("ck_reviews_approved"),
        ),
        sa.CheckConstraint(
            "(status IN ('DECLINED', 'REVOKED')) = (ended_by IS NOT NULL)", name=op.f("ck_reviews_ended")
        ),
        sa.CheckConstraint("(ended_by IS NULL) = (reason IS NULL)", name=op.f("ck_reviews_reason")),
        sa.CheckConstraint(
            "approved_by IS NULL OR checked_by IS NOT NULL", name=op.f("ck_reviews_four_eyes")
        ),
        sa.CheckConstraint("approved_by <> checked_by", name=op.f("ck_reviews_nobody_approves_his_own")),
        sa.CheckConstraint("char_length(reason) BETWEEN 1 AND 200", name=op.f("ck_reviews_reason_length")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_reviews_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["checked_by"], ["users.id"], name=op.f("fk_reviews_checked_by")),
        sa.ForeignKeyConstraint(["approved_by"], ["users.id"], name=op.f("fk_reviews_approved_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name=op.f("fk_reviews_ended_by")),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_reviews")),
    )
    op.create_index("ix_reviews_id", "reviews", ["id"], unique=False)
    op.create_index("ix_reviews_account_id_id", "reviews", ["account_id", "id"], unique=False)
    op.create_index(
        "ix_reviews_open", "reviews", ["id"], unique=False, postgresql_where=sa.text("status = 'OPEN'")
    )
    op.create_index(
        "uq_reviews_standing",
        "reviews",
        ["master_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('OPEN', 'APPROVED')"),
    )
    op.create_table(
        "review_samples",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column(
            "ordinal",
            sa.Integer(),
            nullable=False,
            comment="From 0, in the order of the contacts' ids.",
        ),
        sa.Column("first_letter", sa.Text(), nullable=True, comment="Of a long enough e-mail address."),
        sa.Column("email_domain", sa.Text(), nullable=True),
        sa.Column(
            "phone_code", sa.Text(), nullable=True, comment="The country's calling code, of a phone number."
        ),
        sa.Column("attributes", postgresql.ARRAY(sa.Text()), nullable=False, comment="Their names alone."),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("char_length(first_letter) = 1", name=op.f("ck_review_samples_first_letter")),
        sa.CheckConstraint(
            "char_length(source) BETWEEN 1 AND 200", name=op.f("ck_review_samples_source_length")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "review_id"],
            ["reviews.master_id", "reviews.id"],
            name=op.f("fk_review_samples_master_id_review_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "review_id", "ordinal", name=op.f("pk_review_samples")),
        comment="Never whole addresses or numbers. Deleted a while after ended_at, when the review was over.",
    )
    op.create_index(
        "ix_review_samples_ended_at",
        "review_samples",
        ["ended_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (status, checked_by, approved_by, ended_by, reason, decided_at) "
        "ON reviews TO mandant_application"
    )
    # What staff look at they read through a function.
    op.execute(
        "GRANT SELECT (master_id, review_id), INSERT, UPDATE (ended_at) "
        "ON review_samples TO mandant_application"
    )
