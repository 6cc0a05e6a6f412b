"""Files that messages bring. Tables of the data plane."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, Text, Uuid

from models.base.columns import Column, created_at, moment
from models.base.planes import data_table, unique_in_account

MOST_BYTES = 10_000_000
"""Of the files of a message together, and so of one file."""

MOST_OF_A_MESSAGE = 20
LONGEST_FILE_NAME = 150
LONGEST_TYPE = 100
LONGEST_CONTENT_ID = 100


def _file_columns() -> tuple[Column[Any], ...]:
    return (
        Column("name", Text, nullable=False),
        Column("type", Text, nullable=False, comment="What the content is, such as application/pdf."),
        Column("size", BigInteger, nullable=False, comment="In bytes."),
    )


attachments = data_table(
    "attachments",
    *_file_columns(),
    Column("digest", LargeBinary, nullable=False, comment="Of the name, the type and the content."),
    Column("content", LargeBinary, nullable=False),
    moment("expires_at", nullable=False),
    moment("needed_until", nullable=False),
    created_at(),
    unique_in_account("digest"),
    CheckConstraint(f"char_length(name) BETWEEN 1 AND {LONGEST_FILE_NAME}", name="name_length"),
    CheckConstraint(f"char_length(type) BETWEEN 1 AND {LONGEST_TYPE}", name="type_length"),
    CheckConstraint(f"size BETWEEN 1 AND {MOST_BYTES}", name="size"),
    CheckConstraint("size = octet_length(content)", name="content_size"),
    Index("ix_attachments_needed_until", "needed_until"),
    comment="Uploaded files, each once an account. Messages can name one until it expires. It is needed "
    "until the last of these was tried for the last time.",
)

message_attachments = data_table(
    "message_attachments",
    Column("position", BigInteger, nullable=False, comment="From 0, in the order in the message."),
    Column("attachment_id", Uuid, nullable=False, comment="Its file, which is deleted before the message."),
    *_file_columns(),
    Column("content_id", Text, comment="By which the HTML shows it."),
    CheckConstraint(f"char_length(content_id) BETWEEN 1 AND {LONGEST_CONTENT_ID}", name="content_id_length"),
    Index("ix_message_attachments_attachment_id", "master_id", "account_id", "attachment_id"),
    key=("id", "attachment_id"),
    by_month=True,
    # No reference to the messages: their months are dropped one table after the other.
    comment="The files of messages, by the ids of these.",
)
