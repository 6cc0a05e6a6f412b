"""what is due is asked for by the kinds of jobs"""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS mandant_due(boolean)")
    op.execute("DROP FUNCTION IF EXISTS mandant_enqueue_due(integer, boolean)")
