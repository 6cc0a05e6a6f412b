"""comments that name no module; one stored function fewer"""

from alembic import op

revision = "0031"
down_revision = "0030"

COMMENTS = (
    (
        "recipient_list_parts",
        "digests",
        "In their order (see resolvers.contacts).",
        "Of the addresses, keyed; in their order.",
    ),
    (
        "active_contacts",
        "digest",
        "Of the address, keyed (see resolvers.contacts).",
        "Of the address, keyed.",
    ),
    (
        "ledger_entries",
        "hash",
        "SHA-256, see models.ledger_chain.",
        "SHA-256 of the previous hash and of the entry.",
    ),
)


def upgrade() -> None:
    for table, column, old, new in COMMENTS:
        op.alter_column(table, column, comment=new, existing_comment=old)
    op.execute("DROP FUNCTION IF EXISTS mandant_enter_to_bill(uuid)")
