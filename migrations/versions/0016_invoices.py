"""invoices: who is billed and how, what cycles cost, documents numbered without gaps"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

ROLE = "mandant_application"

# Invoices and their numbers are written by the function invoice_issue alone, which runs as the owner.
GRANTS = {
    "billing_mode_choices": "SELECT, INSERT",
    "billing_details": "SELECT, INSERT, UPDATE (name, street, postcode, city, country, vat_id, email)",
    "charged_cycles": "SELECT, INSERT, UPDATE (charged_until)",
    "charges": "SELECT, INSERT (master_id, account_id, id, billed_id, account_name, product, description, source_id, quantity, unit_price, amount, prepaid, starts_at, ends_at, invoice_starts_at, invoice_ends_at)",
    "invoices": "SELECT",
}


def upgrade() -> None:
    op.create_table(
        "invoice_numbers",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="There is one issuer."),
        sa.Column("last", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_invoice_numbers_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_numbers")),
        comment="The last number given. Whoever issues locks the row until the invoice is there.",
    )
    op.create_table(
        "billing_details",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False, comment="ISO 3166-1, two letters."),
        sa.Column("vat_id", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_billing_details_country")),
        sa.CheckConstraint(
            "char_length(city) BETWEEN 1 AND 200", name=op.f("ck_billing_details_city_length")
        ),
        sa.CheckConstraint(
            "char_length(email) BETWEEN 3 AND 320", name=op.f("ck_billing_details_email_length")
        ),
        sa.CheckConstraint(
            "char_length(name) BETWEEN 1 AND 200", name=op.f("ck_billing_details_name_length")
        ),
        sa.CheckConstraint(
            "char_length(postcode) BETWEEN 1 AND 200", name=op.f("ck_billing_details_postcode_length")
        ),
        sa.CheckConstraint(
            "char_length(street) BETWEEN 1 AND 200", name=op.f("ck_billing_details_street_length")
        ),
        sa.CheckConstraint(
            "char_length(vat_id) BETWEEN 4 AND 20", name=op.f("ck_billing_details_vat_id_length")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_billing_details_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", name=op.f("pk_billing_details")),
        comment="How an account is named and addressed on its invoices.",
    )
    op.create_table(
        "billing_mode_choices",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("holds_from", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mode IN ('CONSOLIDATED', 'SEPARATE')", name=op.f("ck_billing_mode_choices_mode")),
        sa.CheckConstraint("account_id <> master_id", name=op.f("ck_billing_mode_choices_of_subaccount")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_billing_mode_choices_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_billing_mode_choices")),
        comment="Of subaccounts; the last one that holds counts. Without one: CONSOLIDATED.",
    )
    op.create_index(
        "ix_billing_mode_choices_account_id",
        "billing_mode_choices",
        ["account_id", "holds_from", "id"],
        unique=False,
    )
    op.create_table(
        "charged_cycles",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("charged_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_charged_cycles_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", name=op.f("pk_charged_cycles")),
        comment="Of a subscription: until when its cycles are turned into charges.",
    )
    op.create_table(
        "invoices",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="The prefix, and the sequence."),
        sa.Column(
            "sequence", sa.BigInteger(), nullable=False, comment="From 1, without gaps, over all trees."
        ),
        sa.Column(
            "corrects_id",
            sa.Uuid(),
            nullable=True,
            comment="Of a credit note: the invoice that it takes back.",
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("tax_rate", sa.Integer(), nullable=False, comment="In hundredths of a percent."),
        sa.Column(
            "net", sa.BigInteger(), nullable=False, comment="In micro-units, as all amounts; whole cents."
        ),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("prepaid", sa.BigInteger(), nullable=False, comment="Paid from credit already."),
        sa.Column("xml", sa.Text(), nullable=False, comment="Cross Industry Invoice, profile EN 16931."),
        sa.CheckConstraint(
            "(kind = 'CREDIT_NOTE') = (corrects_id IS NOT NULL AND reason IS NOT NULL)",
            name=op.f("ck_invoices_corrects"),
        ),
        sa.CheckConstraint(
            "currency IN ('EUR', 'USD', 'GBP', 'CHF', 'SEK', 'NOK', 'DKK', 'PLN', 'CAD', 'AUD')",
            name=op.f("ck_invoices_currency"),
        ),
        sa.CheckConstraint("kind IN ('INVOICE', 'CREDIT_NOTE')", name=op.f("ck_invoices_kind")),
        sa.CheckConstraint("char_length(reason) BETWEEN 1 AND 200", name=op.f("ck_invoices_reason_length")),
        sa.CheckConstraint(
            "net % 10000 = 0 AND tax % 10000 = 0 AND tax >= 0 AND prepaid BETWEEN 0 AND net",
            name=op.f("ck_invoices_amounts"),
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_invoices_period")),
        sa.CheckConstraint("tax_rate BETWEEN 0 AND 9999", name=op.f("ck_invoices_tax_rate")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_invoices_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "corrects_id"],
            ["invoices.master_id", "invoices.id"],
            name=op.f("fk_invoices_master_id_corrects_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("master_id", "corrects_id", name=op.f("uq_invoices_master_id_corrects_id")),
        sa.UniqueConstraint("master_id", "number", name=op.f("uq_invoices_master_id_number")),
    )
    op.create_index("ix_invoices_account_id_id", "invoices", ["account_id", "id"], unique=False)
    op.create_index("ix_invoices_id", "invoices", ["id"], unique=False)
    op.create_index("ix_invoices_number", "invoices", ["number"], unique=False)
    op.create_table(
        "charges",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("billed_id", sa.Uuid(), nullable=False, comment="The account on whose invoice it comes."),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column(
            "source_id",
            sa.Uuid(),
            nullable=False,
            comment="The plan, what was bought, or the cycle of the sends.",
        ),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False, comment="In micro-units, without VAT."),
        sa.Column(
            "amount",
            sa.BigInteger(),
            nullable=False,
            comment="In micro-units, rounded to cents; without VAT.",
        ),
        sa.Column("prepaid", sa.BigInteger(), nullable=False, comment="Of that: paid from credit already."),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invoice_starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invoice_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True, comment="On the invoice, from 1."),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "product IN ('PLAN', 'CONTACT_BLOCK', 'SENDS_BEYOND')", name=op.f("ck_charges_product")
        ),
        sa.CheckConstraint("(invoice_id IS NULL) = (position IS NULL)", name=op.f("ck_charges_invoiced")),
        sa.CheckConstraint(
            "amount >= 0 AND amount % 10000 = 0 AND prepaid IN (0, amount)", name=op.f("ck_charges_amounts")
        ),
        sa.CheckConstraint("char_length(description) BETWEEN 1 AND 400", name=op.f("ck_charges_description")),
        sa.CheckConstraint("quantity > 0 AND unit_price > 0", name=op.f("ck_charges_quantity")),
        sa.CheckConstraint(
            "starts_at < ends_at AND invoice_starts_at < invoice_ends_at", name=op.f("ck_charges_periods")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_charges_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "billed_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_charges_master_id_billed_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "invoice_id"],
            ["invoices.master_id", "invoices.id"],
            name=op.f("fk_charges_master_id_invoice_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_charges")),
        sa.UniqueConstraint(
            "master_id",
            "account_id",
            "product",
            "source_id",
            "starts_at",
            "unit_price",
            name="uq_charges_source",
        ),
        sa.UniqueConstraint(
            "master_id", "invoice_id", "position", name=op.f("uq_charges_master_id_invoice_id_position")
        ),
        comment="What a cycle costs; with an invoice, a line of it.",
    )
    op.create_index("ix_charges_account_id_ends_at", "charges", ["account_id", "ends_at"], unique=False)
    op.create_index(
        "ix_charges_open",
        "charges",
        ["billed_id", "invoice_ends_at"],
        unique=False,
        postgresql_where=sa.text("invoice_id IS NULL"),
    )
    op.add_column(
        "send_reservations",
        sa.Column(
            "beyond",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Sends that it is for.",
        ),
    )
    op.create_index(
        "ix_send_reservations_committed",
        "send_reservations",
        ["account_id", "settled_at"],
        unique=False,
        postgresql_where=sa.text("status = 'COMMITTED'"),
    )
    op.create_index(
        "ix_send_reservations_priced",
        "send_reservations",
        ["master_id", "cycle_id"],
        unique=False,
        postgresql_where=sa.text("price > 0"),
    )
    # What was booked before sends beyond were counted is billed in one piece.
    op.execute("UPDATE send_reservations SET beyond = 1 WHERE price > 0")
    op.create_check_constraint(
        op.f("ck_send_reservations_beyond"),
        "send_reservations",
        "price = 0 OR beyond > 0 AND price % beyond = 0",
    )
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
