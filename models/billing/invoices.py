"""Invoices and credit notes: numbered without gaps, never changed (EN 16931).

Only the stored function `invoice_issue` writes them.
"""

import enum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from models.accounts.tables import Currency, one_of
from models.base.columns import (
    Column,
    account_columns,
    account_reference,
    moment,
    short_text,
    short_text_check,
)
from models.base.planes import control_table


class InvoiceKind(enum.Enum):
    """The kind of a document."""

    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"


invoice_numbers = control_table(
    "invoice_numbers",
    Column("id", Integer, primary_key=True, autoincrement=False, comment="There is one issuer."),
    Column("last", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("id = 1", name="one"),
    comment="The last number given. Whoever issues locks the row until the invoice is there.",
)

invoices = control_table(
    "invoices",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False, comment="The prefix, and the sequence."),
    Column("sequence", BigInteger, nullable=False, comment="From 1, without gaps, over all trees."),
    Column("corrects_id", Uuid, comment="Of a credit note: the invoice that it takes back."),
    short_text("reason", nullable=True),
    moment("issued_at", nullable=False),
    moment("due_at", nullable=False),
    moment("starts_at", nullable=False),
    moment("ends_at", nullable=False),
    Column("currency", Text, nullable=False),
    Column("tax_rate", Integer, nullable=False, comment="In hundredths of a percent."),
    Column("net", BigInteger, nullable=False, comment="In micro-units, as all amounts; whole cents."),
    Column("tax", BigInteger, nullable=False),
    Column("prepaid", BigInteger, nullable=False, comment="Paid from credit already."),
    Column("xml", Text, nullable=False, comment="Cross Industry Invoice, profile EN 16931."),
    PrimaryKeyConstraint("master_id", "id"),
    UniqueConstraint("master_id", "number"),
    UniqueConstraint("master_id", "corrects_id"),
    account_reference(),
    ForeignKeyConstraint(["master_id", "corrects_id"], ["invoices.master_id", "invoices.id"]),
    one_of("kind", InvoiceKind),
    one_of("currency", Currency),
    CheckConstraint(
        f"(kind = '{InvoiceKind.CREDIT_NOTE.value}') = (corrects_id IS NOT NULL AND reason IS NOT NULL)",
        name="corrects",
    ),
    CheckConstraint(
        "net % 10000 = 0 AND tax % 10000 = 0 AND tax >= 0 AND prepaid BETWEEN 0 AND net", name="amounts"
    ),
    CheckConstraint("tax_rate BETWEEN 0 AND 9999", name="tax_rate"),
    CheckConstraint("starts_at < ends_at", name="period"),
    short_text_check("reason"),
    Index("ix_invoices_id", "id"),
    Index("ix_invoices_account_id_id", "account_id", "id"),
    Index("ix_invoices_number", "number"),
)
