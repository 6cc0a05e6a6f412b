"""billing by jobs of the queue"""

from alembic import op

revision = "0019"
down_revision = "0018"

REPLACED = (
    "mandant_enqueue_due(integer)",
    "mandant_cycles_to_charge(uuid)",
    "mandant_charges_due(uuid, integer)",
    "mandant_invoices_due(uuid, integer)",
)


def upgrade() -> None:
    for function in REPLACED:
        op.execute(f"DROP FUNCTION IF EXISTS {function}")
    # The step that billed all accounts, one after the other.
    op.execute("DELETE FROM pgq.pgqueuer_schedules WHERE entrypoint = 'bill'")
