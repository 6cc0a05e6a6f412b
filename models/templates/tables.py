"""Templates of messages, with all of their versions (R83). Tables of the data plane: messages will point to
the versions that they were made from."""

import enum

from sqlalchemy import BigInteger, CheckConstraint, Text, Uuid

from models.accounts.tables import one_of
from models.base.columns import Column, created_at, moment, short_text, short_text_check
from models.base.planes import data_reference, data_table, unique_in_account, unique_where_given
from models.base.text_forms import search_form, sort_form


class TemplateChannel(enum.Enum):
    """What a template is for."""

    EMAIL = "EMAIL"
    SMS = "SMS"


LONGEST_SUBJECT = 998
LONGEST_BODY = 500_000
"""Of a text or of HTML, in characters."""

templates = data_table(
    "templates",
    Column("external_id", Text, comment="The customer's own id, unique in the account."),
    short_text("name"),
    sort_form(),
    search_form(),
    Column("channel", Text, nullable=False),
    Column("version", BigInteger, nullable=False, comment="The number of the newest version."),
    created_at(),
    moment("deleted_at"),
    unique_where_given("templates", "external_id"),
    short_text_check("external_id"),
    short_text_check("name"),
    one_of("channel", TemplateChannel),
    comment="One that was deleted stays: messages show its versions.",
)

template_versions = data_table(
    "template_versions",
    Column("template_id", Uuid, nullable=False),
    Column("number", BigInteger, nullable=False, comment="From 1, without gaps."),
    Column("subject", Text),
    Column("text", Text),
    Column("html", Text),
    created_at(),
    data_reference("template_id", "templates"),
    unique_in_account("template_id", "number"),
    CheckConstraint(f"char_length(subject) <= {LONGEST_SUBJECT}", name="subject_length"),
    CheckConstraint(f"char_length(text) <= {LONGEST_BODY}", name="text_length"),
    CheckConstraint(f"char_length(html) <= {LONGEST_BODY}", name="html_length"),
    CheckConstraint("text IS NOT NULL OR html IS NOT NULL", name="body"),
    comment="Never changed, so that what was sent can be shown again. Liquid, as it was given.",
)
