"""the first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:

    op.create_table(
        "accounts",
        sa.Column("master_id", sa.Uuid(), nullable=False, comment="The root of the tree."),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "parent_id",
            sa.Uuid(),
            nullable=True,
            comment="Never changed: a tree cannot be bent into a circle.",
        ),
        sa.Column(
            "external_id", sa.Text(), nullable=True, comment="The customer's own id, unique under its parent."
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_name", sa.Text(), sa.Computed("lower(name)", persisted=True), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column(
            "rights_inheritance",
            sa.Text(),
            server_default="ADMINISTRATORS",
            nullable=False,
            comment="Which roles held here reach down (R45, R66, R73).",
        ),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "rights_inheritance IN ('ADMINISTRATORS', 'ALL_ROLES')",
            name=op.f("ck_accounts_rights_inheritance"),
        ),
        sa.CheckConstraint("status IN ('ACTIVE', 'SUSPENDED', 'CLOSED')", name=op.f("ck_accounts_status")),
        sa.CheckConstraint("(parent_id IS NULL) = (id = master_id)", name=op.f("ck_accounts_root")),
        sa.CheckConstraint(
            "char_length(external_id) BETWEEN 1 AND 200", name=op.f("ck_accounts_external_id_length")
        ),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name=op.f("ck_accounts_name_length")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_accounts_not_its_own_parent")),
        sa.ForeignKeyConstraint(
            ["master_id", "parent_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_accounts_master_id_parent_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_accounts")),
        sa.UniqueConstraint(
            "master_id", "parent_id", "external_id", name=op.f("uq_accounts_master_id_parent_id_external_id")
        ),
    )
    op.create_index("ix_accounts_id", "accounts", ["id"], unique=False)
    op.create_index("ix_accounts_parent_id_id", "accounts", ["parent_id", "id"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("subject", sa.Text(), nullable=False, comment="What is counted, such as an address."),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "window_start", name=op.f("pk_attempts")),
    )
    op.create_table(
        "outbox_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True, comment="Forgotten once sent: it holds a secret link."),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_messages")),
    )
    op.create_index(
        "ix_outbox_messages_waiting",
        "outbox_messages",
        ["id"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_table(
        "roles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("master_id", sa.Uuid(), nullable=True, comment="Null: a built-in role."),
        sa.Column("account_id", sa.Uuid(), nullable=True, comment="Null: a built-in role."),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("member_mask", sa.BigInteger(), nullable=False, comment="In the account itself."),
        sa.Column("ancestor_mask", sa.BigInteger(), nullable=False, comment="In every account below."),
        sa.Column(
            "inherited_mask",
            sa.BigInteger(),
            nullable=False,
            comment="Below, where all roles are passed down.",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
    )
    op.create_index(
        "uq_roles_name_built_in",
        "roles",
        ["name"],
        unique=True,
        postgresql_where=sa.text("account_id IS NULL"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False, comment="As the person wrote it."),
        sa.Column("email_canonical", sa.Text(), nullable=False, comment="What is compared (T24)."),
        sa.Column("password_hash", sa.Text(), nullable=False, comment="argon2id"),
        sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name=op.f("ck_users_name_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_canonical", name=op.f("uq_users_email_canonical")),
    )
    op.create_table(
        "account_closure",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("ancestor_id", sa.Uuid(), nullable=False),
        sa.Column(
            "descendant_id", sa.Uuid(), nullable=False, comment="Ids rise with creation: the order of lists."
        ),
        sa.Column("depth", sa.Integer(), nullable=False, comment="0: the account itself."),
        sa.CheckConstraint(
            "(depth = 0) = (ancestor_id = descendant_id)", name=op.f("ck_account_closure_self")
        ),
        sa.CheckConstraint("depth BETWEEN 0 AND 32", name=op.f("ck_account_closure_depth")),
        sa.ForeignKeyConstraint(
            ["master_id", "ancestor_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_account_closure_master_id_ancestor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "descendant_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_account_closure_master_id_descendant_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "ancestor_id", "descendant_id", name=op.f("pk_account_closure")),
        sa.UniqueConstraint(
            "master_id",
            "descendant_id",
            "depth",
            name=op.f("uq_account_closure_master_id_descendant_id_depth"),
        ),
    )
    op.create_index(
        "ix_account_closure_descendant_id",
        "account_closure",
        ["descendant_id", "ancestor_id"],
        unique=False,
        postgresql_include=["depth", "master_id"],
    )
    op.create_table(
        "api_keys",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the secret"),
        sa.Column("last_four", sa.Text(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column(
            "scopes", sa.BigInteger(), nullable=False, comment="A mask: no wider than its maker's rights."
        ),
        sa.Column("creator_user_id", sa.Uuid(), nullable=True),
        sa.Column("creator_api_key_id", sa.Uuid(), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name=op.f("ck_api_keys_name_length")),
        sa.ForeignKeyConstraint(["creator_user_id"], ["users.id"], name=op.f("fk_api_keys_creator_user_id")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_api_keys_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_api_keys_role_id")),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("master_id", "digest", name=op.f("uq_api_keys_master_id_digest")),
    )
    op.create_index("ix_api_keys_account_id_id", "api_keys", ["account_id", "id"], unique=False)
    op.create_index("ix_api_keys_digest", "api_keys", ["digest"], unique=False)
    op.create_index("ix_api_keys_id", "api_keys", ["id"], unique=False)
    op.create_table(
        "events",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="Such as member.invited."),
        sa.Column("actor_user_id", sa.Uuid(), nullable=True),
        sa.Column("actor_api_key_id", sa.Uuid(), nullable=True),
        sa.Column(
            "actor_account_id",
            sa.Uuid(),
            nullable=True,
            comment="The account that gave the actor the right (R54).",
        ),
        sa.Column("subject_id", sa.Text(), nullable=False, comment="The global id of what was changed."),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["actor_user_id"], ["users.id"], name=op.f("fk_events_actor_user_id")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_events_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_account_id_id", "events", ["account_id", "id"], unique=False)
    op.create_index("ix_events_id", "events", ["id"], unique=False)
    op.create_table(
        "idempotency_records",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False, comment="The person or the key that asked."),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the input"),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_idempotency_records_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint(
            "master_id", "account_id", "principal_id", "key", name=op.f("pk_idempotency_records")
        ),
    )
    op.create_table(
        "invitations",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_canonical", sa.Text(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token in the link"),
        sa.Column("inviter_user_id", sa.Uuid(), nullable=True),
        sa.Column("inviter_api_key_id", sa.Uuid(), nullable=True),
        sa.Column("member_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["inviter_user_id"], ["users.id"], name=op.f("fk_invitations_inviter_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_invitations_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_invitations_role_id")),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_invitations")),
    )
    op.create_index("ix_invitations_account_id_id", "invitations", ["account_id", "id"], unique=False)
    op.create_index("ix_invitations_digest", "invitations", ["digest"], unique=False)
    op.create_index("ix_invitations_id", "invitations", ["id"], unique=False)
    op.create_index(
        "uq_invitations_pending",
        "invitations",
        ["master_id", "account_id", "email_canonical"],
        unique=True,
        postgresql_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
    )
    op.create_table(
        "memberships",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_memberships_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_memberships_role_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id")),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_memberships")),
        sa.UniqueConstraint(
            "master_id", "account_id", "user_id", name=op.f("uq_memberships_master_id_account_id_user_id")
        ),
    )
    op.create_index("ix_memberships_account_id_id", "memberships", ["account_id", "id"], unique=False)
    op.create_index("ix_memberships_id", "memberships", ["id"], unique=False)
    op.create_index("ix_memberships_user_id", "memberships", ["user_id"], unique=False)
    op.create_table(
        "ownerships",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ownerships_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_ownerships")),
        comment="An e-mail address owns at most one account, whatever its tree (R46).",
    )
    op.create_table(
        "role_policy_lines",
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.CheckConstraint("effect IN ('allow', 'deny')", name=op.f("ck_role_policy_lines_effect")),
        sa.CheckConstraint(
            "relation IN ('member', 'ancestor', 'inherited')", name=op.f("ck_role_policy_lines_relation")
        ),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_role_policy_lines_role_id")),
        sa.UniqueConstraint(
            "role_id",
            "relation",
            "area",
            "action",
            "effect",
            name=op.f("uq_role_policy_lines_role_id_relation_area_action_effect"),
        ),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_sessions_digest")),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
