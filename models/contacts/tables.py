"""Whom an account writes to, what it knows of each, and the lists that they are in (R69, R74). Tables of the
data plane."""

import enum

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, LargeBinary, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB

from models.accounts.tables import one_of
from models.base.columns import Column, created_at, moment, short_text, short_text_check
from models.base.planes import data_reference, data_table, unique_in_account, unique_where_given
from models.base.text_forms import search_form, sort_form

_BY_CHARACTER = Text(collation="C")
"""For what is found by how it begins: in the order of a language a prefix is no range of an index."""

ADDRESS_LENGTH = 320
"""The longest e-mail address, in characters."""


class AttributeType(enum.Enum):
    """What the values of an attribute are."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    DATE = "DATE"
    BOOLEAN = "BOOLEAN"


contacts = data_table(
    "contacts",
    Column("external_id", Text, comment="The customer's own id, unique in the account."),
    Column("email", Text, comment="As it was given."),
    Column("email_canonical", _BY_CHARACTER, comment="What is compared (T24)."),
    Column("email_digest", LargeBinary, comment="What outlives the contact: keyed (T23)."),
    Column("phone", Text, comment="As it was given."),
    Column("phone_canonical", _BY_CHARACTER, comment="What is compared: E.164 (T26)."),
    Column("phone_digest", LargeBinary, comment="What outlives the contact: keyed (T23)."),
    Column("attributes", JSONB, nullable=False, comment="Values by the names of contact_attributes."),
    short_text("source"),
    Column("version", BigInteger, nullable=False),
    created_at(),
    unique_where_given("contacts", "external_id"),
    unique_where_given("contacts", "email_canonical"),
    unique_where_given("contacts", "phone_canonical"),
    CheckConstraint("email IS NOT NULL OR phone IS NOT NULL", name="address"),
    CheckConstraint("num_nulls(email, email_canonical, email_digest) IN (0, 3)", name="email"),
    CheckConstraint("num_nulls(phone, phone_canonical, phone_digest) IN (0, 3)", name="phone"),
    CheckConstraint(
        f"char_length(email) <= {ADDRESS_LENGTH} AND char_length(email_canonical) <= {ADDRESS_LENGTH}",
        name="email_length",
    ),
    CheckConstraint("phone_canonical ~ '^[+][1-9][0-9]{1,14}$'", name="phone_canonical"),
    CheckConstraint("jsonb_typeof(attributes) = 'object'", name="attributes"),
    short_text_check("external_id"),
    short_text_check("phone"),
    short_text_check("source"),
    *[
        Index(
            f"ix_contacts_{name}",
            "master_id",
            "account_id",
            name,
            postgresql_where=text(f"{name} IS NOT NULL"),
        )
        for name in ("email_digest", "phone_digest")
    ],
)

VALUE_DIGEST_BYTES = 8
"""Of the digest of an attribute's name and value. Whoever finds a contact by it compares the value itself
too."""

contact_values = data_table(
    "contact_values",
    Column("name", _BY_CHARACTER, nullable=False, comment="The attribute's."),
    Column("contact_id", Uuid, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="Of the name and the value, as texts."),
    CheckConstraint(f"octet_length(digest) = {VALUE_DIGEST_BYTES}", name="digest"),
    Index("ix_contact_values_digest", "master_id", "account_id", "digest", "contact_id"),
    key=("name", "contact_id"),
    comment="What contacts are filtered by: for each value in their attributes a row, written with them. No "
    "foreign key: it would look up the contact for each row.",
)

contact_attributes = data_table(
    "contact_attributes",
    short_text("name"),
    Column("type", Text, nullable=False),
    created_at(),
    moment("deleted_at"),
    unique_in_account("name"),
    short_text_check("name"),
    one_of("type", AttributeType),
    Index(
        "ix_contact_attributes_deleted",
        "master_id",
        "account_id",
        postgresql_where=text("deleted_at IS NOT NULL"),
    ),
    comment="What the account keeps of its contacts. Names and types never change: values go by both. One "
    "that was deleted stays until a worker has removed its values.",
)

contact_lists = data_table(
    "contact_lists",
    Column("external_id", Text, comment="The customer's own id, unique in the account."),
    short_text("name"),
    sort_form(),
    search_form(),
    Column("version", BigInteger, nullable=False),
    created_at(),
    moment("deleted_at"),
    unique_where_given("contact_lists", "external_id"),
    short_text_check("external_id"),
    short_text_check("name"),
    comment="One that was deleted stays until a worker has removed its members.",
)

contact_list_members = data_table(
    "contact_list_members",
    Column("contact_list_id", Uuid, nullable=False),
    Column("contact_id", Uuid, nullable=False),
    short_text("source"),
    Column("added_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    data_reference("contact_list_id", "contact_lists"),
    data_reference("contact_id", "contacts"),
    short_text_check("source"),
    Index("ix_contact_list_members_contact", "master_id", "account_id", "contact_id"),
    key=("contact_list_id", "contact_id"),
)
