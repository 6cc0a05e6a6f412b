"""the application role: it owns nothing and may do no more than the product does"""

from alembic import op

revision = "0002"
down_revision = "0001"

ROLE = "mandant_application"

# What is only ever added cannot be changed: events and idempotency records. A tree's shape neither, so that
# no path leads to a circle.
GRANTS = {
    "accounts": "SELECT, INSERT, UPDATE (name, external_id, status, rights_inheritance, version)",
    "account_closure": "SELECT, INSERT",
    "api_keys": "SELECT, INSERT, UPDATE (digest, last_four, last_used_at, revoked_at)",
    "attempts": "SELECT, INSERT, UPDATE, DELETE",
    "events": "SELECT, INSERT",
    "idempotency_records": "SELECT, INSERT",
    "invitations": "SELECT, INSERT, UPDATE (accepted_at, revoked_at)",
    "memberships": "SELECT, INSERT, UPDATE (role_id, expires_at), DELETE",
    "outbox_messages": "SELECT, INSERT, UPDATE",
    "ownerships": "SELECT, INSERT, DELETE",
    "role_policy_lines": "SELECT",
    "roles": "SELECT",
    "sessions": "SELECT, INSERT, DELETE",
    "users": "SELECT, INSERT, UPDATE",
    "alembic_version": "SELECT",
}

CREATE_ROLE = f"""
DO $$ BEGIN
  CREATE ROLE {ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""

# Whoever owns the database may act as the application, so that one DATABASE_URL is enough.
GRANT_ROLE = f"""
DO $$ BEGIN
  IF NOT pg_has_role(current_user, '{ROLE}', 'MEMBER') THEN
    EXECUTE format('GRANT {ROLE} TO %I', current_user);
  END IF;
END $$
"""


def upgrade() -> None:
    op.execute(CREATE_ROLE)
    op.execute(GRANT_ROLE)
    op.execute(f"GRANT USAGE ON SCHEMA public TO {ROLE}")
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
