"""mandant_enter is told what kind of principal asks"""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    # `mandant migrate` writes the function that has another argument; this one would stay beside it.
    op.execute("DROP FUNCTION IF EXISTS mandant_enter(bytea, bytea)")
