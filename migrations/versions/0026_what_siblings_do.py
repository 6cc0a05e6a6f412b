"""what each account's own sends make active, beside what is active in the pool"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

ROLE = "mandant_application"


def upgrade() -> None:
    op.add_column(
        "send_cycles",
        sa.Column(
            "repeated",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="How many more contacts its accounts count, each by itself, than are active.",
        ),
    )
    op.drop_constraint(op.f("ck_send_cycles_counts"), "send_cycles")
    op.create_check_constraint(
        op.f("ck_send_cycles_counts"),
        "send_cycles",
        "contacts >= 0 AND repeated >= 0 AND sends BETWEEN 0 AND 2147483647",
    )
    op.execute(f"GRANT UPDATE (repeated) ON send_cycles TO {ROLE}")
    op.add_column(
        "send_reservations",
        sa.Column(
            "own_contacts",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="That the account had not sent to before in the cycle.",
        ),
    )
    op.execute("UPDATE send_reservations SET own_contacts = new_contacts")
    op.create_table_comment(
        "contact_claims",
        "Contacts that an open reservation sends to and another open one holds; of accounts that share a "
        "subscription also what is another's.",
        existing_comment="Contacts that an open reservation sends to and another open one holds.",
    )
