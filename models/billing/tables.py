"""Who is billed, for what, and until when (R20, R27, R55, R59).

Charges are what a subscription's cycle costs. They are written when the cycle is charged; later only their
invoice is set. The plan and bought contacts of an account without an invoice of its own are on the invoice of
the nearest account above that has one. Sends beyond the plan are on the invoice of the account whose credit
paid for them.
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

from models.accounts.tables import one_of
from models.base.columns import (
    SHORT_TEXT_LENGTH,
    Column,
    account_columns,
    account_reference,
    created_at,
    moment,
    short_text,
    short_text_check,
)
from models.base.planes import control_table
from models.sending.tables import LABEL_LENGTH


class BillingMode(enum.Enum):
    """Which invoices a subaccount appears on."""

    CONSOLIDATED = "CONSOLIDATED"
    SEPARATE = "SEPARATE"


class Product(enum.Enum):
    """What is sold. Subaccounts, API keys, shares and members are free."""

    PLAN = "PLAN"
    CONTACT_BLOCK = "CONTACT_BLOCK"
    SENDS_BEYOND = "SENDS_BEYOND"


billing_mode_choices = control_table(
    "billing_mode_choices",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("mode", Text, nullable=False),
    moment("holds_from", nullable=False),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    one_of("mode", BillingMode),
    CheckConstraint("account_id <> master_id", name="of_subaccount"),
    Index("ix_billing_mode_choices_account_id", "account_id", "holds_from", "id"),
    comment="Of subaccounts; the last one that holds counts. Without one: CONSOLIDATED.",
)

billing_details = control_table(
    "billing_details",
    *account_columns(),
    short_text("name"),
    short_text("street"),
    short_text("postcode", nullable=True),
    short_text("city"),
    Column("country", Text, nullable=False, comment="ISO 3166-1, two letters."),
    Column("vat_id", Text),
    Column("email", Text),
    PrimaryKeyConstraint("master_id", "account_id"),
    account_reference(),
    *(short_text_check(name) for name in ("name", "street", "postcode", "city")),
    CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
    CheckConstraint("char_length(vat_id) BETWEEN 4 AND 20", name="vat_id_length"),
    CheckConstraint("char_length(email) BETWEEN 3 AND 320", name="email_length"),
    comment="How an account is named and addressed on its invoices.",
)

charged_cycles = control_table(
    "charged_cycles",
    *account_columns(),
    moment("charged_until", nullable=False),
    PrimaryKeyConstraint("master_id", "account_id"),
    account_reference(),
    comment="Of a subscription: until when its cycles are turned into charges.",
)

charges = control_table(
    "charges",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("billed_id", Uuid, nullable=False, comment="The account on whose invoice it comes."),
    short_text("account_name"),
    Column("product", Text, nullable=False),
    Column("description", Text, nullable=False),
    short_text("label", nullable=True),
    Column(
        "source_id", Uuid, nullable=False, comment="The plan, what was bought, or the cycle of the sends."
    ),
    Column("quantity", BigInteger, nullable=False),
    Column("unit_price", BigInteger, nullable=False, comment="In micro-units, without VAT."),
    Column("amount", BigInteger, nullable=False, comment="In micro-units, rounded to cents; without VAT."),
    Column("prepaid", BigInteger, nullable=False, comment="Of that: paid from credit already."),
    moment("starts_at", nullable=False),
    moment("ends_at", nullable=False),
    moment("invoice_starts_at", nullable=False),
    moment("invoice_ends_at", nullable=False),
    Column("invoice_id", Uuid),
    Column("position", Integer, comment="On the invoice, from 1."),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    # Whatever workers do, nothing is charged twice.
    UniqueConstraint(
        "master_id",
        "account_id",
        "billed_id",
        "product",
        "source_id",
        "starts_at",
        "unit_price",
        "label",
        name="uq_charges_source",
        postgresql_nulls_not_distinct=True,
    ),
    UniqueConstraint("master_id", "invoice_id", "position"),
    account_reference(),
    ForeignKeyConstraint(["master_id", "billed_id"], ["accounts.master_id", "accounts.id"]),
    ForeignKeyConstraint(["master_id", "invoice_id"], ["invoices.master_id", "invoices.id"]),
    one_of("product", Product),
    CheckConstraint(f"char_length(description) BETWEEN 1 AND {2 * SHORT_TEXT_LENGTH}", name="description"),
    CheckConstraint(f"char_length(label) BETWEEN 1 AND {LABEL_LENGTH}", name="label_length"),
    CheckConstraint("quantity > 0 AND unit_price > 0", name="quantity"),
    CheckConstraint("amount >= 0 AND amount % 10000 = 0 AND prepaid IN (0, amount)", name="amounts"),
    CheckConstraint("starts_at < ends_at AND invoice_starts_at < invoice_ends_at", name="periods"),
    CheckConstraint("(invoice_id IS NULL) = (position IS NULL)", name="invoiced"),
    Index("ix_charges_account_id_ends_at", "account_id", "ends_at"),
    Index("ix_charges_open", "billed_id", "invoice_ends_at", postgresql_where=text("invoice_id IS NULL")),
    comment="What a cycle costs; with an invoice, a line of it.",
)
