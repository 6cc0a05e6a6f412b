"""offers of ownership are held to promises by a function of their own"""

from alembic import op

revision = "0113"
down_revision = "0112"


def upgrade() -> None:
    # Of other offers no reason is asked. `mandant migrate` writes it again.
    op.execute("DROP FUNCTION IF EXISTS mandant_check_offer(uuid, uuid[], uuid, text)")


def downgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS mandant_check_offer(uuid, uuid[])")
    op.execute("DROP FUNCTION IF EXISTS mandant_check_ownership(uuid, uuid, uuid, text)")
