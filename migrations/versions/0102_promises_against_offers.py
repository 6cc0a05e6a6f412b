"""offers are held to promises by what was written of them"""

from alembic import op

revision = "0102"
down_revision = "0098"

# It takes the promises themselves. `mandant migrate` writes it again.
CHECK = "DROP FUNCTION IF EXISTS mandant_check_offer(uuid, uuid[], text, uuid, bigint, bigint)"


def upgrade() -> None:
    op.execute(CHECK)


def downgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS mandant_check_offer(uuid, uuid[], uuid, text)")
