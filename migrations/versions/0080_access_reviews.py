"""reviews of the access that people and keys from outside have"""

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0079"

ROLE = "mandant_application"


def upgrade() -> None:
    op.create_table(
        "access_reviews",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("maker_user_id", sa.Uuid()),
        sa.Column("maker_api_key_id", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("work_due_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["maker_user_id"], ["users.id"], name=op.f("fk_access_reviews_maker_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_access_reviews_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_access_reviews")),
    )
    op.create_index("ix_access_reviews_id", "access_reviews", ["id"])
    op.create_index("ix_access_reviews_account_id_id", "access_reviews", ["account_id", "id"])
    is_open = sa.text("work_due_at IS NOT NULL")
    op.create_index(
        "ix_access_reviews_work_due_at", "access_reviews", ["work_due_at"], postgresql_where=is_open
    )
    op.create_index(
        "uq_access_reviews_open",
        "access_reviews",
        ["master_id", "account_id"],
        unique=True,
        postgresql_where=is_open,
    )
    op.create_table(
        "access_review_items",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False, comment="Of the membership, share or key."),
        sa.Column("user_id", sa.Uuid(), comment="The member or guest; NULL: a key."),
        sa.Column("unused", sa.Boolean(), nullable=False, comment="For 90 days before the review."),
        sa.Column("decision", sa.Text()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decider_user_id", sa.Uuid(), comment="NULL: nobody answered."),
        sa.CheckConstraint(
            "kind IN ('MEMBER', 'SHARE', 'API_KEY')", name=op.f("ck_access_review_items_kind")
        ),
        sa.CheckConstraint(
            "decision IN ('CONFIRMED', 'ENDED')", name=op.f("ck_access_review_items_decision")
        ),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_access_review_items_decided")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_access_review_items_user_id")),
        sa.ForeignKeyConstraint(
            ["decider_user_id"], ["users.id"], name=op.f("fk_access_review_items_decider_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_access_review_items_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "review_id"],
            ["access_reviews.master_id", "access_reviews.id"],
            name=op.f("fk_access_review_items_master_id_review_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_access_review_items")),
    )
    op.create_index("ix_access_review_items_id", "access_review_items", ["id"])
    op.create_index("ix_access_review_items_review_id_id", "access_review_items", ["review_id", "id"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE (work_due_at) ON access_reviews TO {ROLE}")
    decided = "decision, decided_at, decider_user_id"
    op.execute(f"GRANT SELECT, INSERT, UPDATE ({decided}) ON access_review_items TO {ROLE}")
