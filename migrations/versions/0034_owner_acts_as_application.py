"""an owner who is no superuser may act as the application"""

from alembic import op

revision = "0034"
down_revision = "0033"

# From PostgreSQL 16 on, who makes a role is a member of it, and may not take it for all that.
GRANT_ROLE = """
DO $$ DECLARE
  kind text := CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END;
BEGIN
  IF NOT pg_has_role(current_user, 'mandant_application', kind) THEN
    EXECUTE format('GRANT mandant_application TO %I', current_user);
  END IF;
END $$
"""


def upgrade() -> None:
    op.execute(GRANT_ROLE)
