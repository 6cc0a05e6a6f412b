"""What workers do with many contacts of an account: an import, or the end of a list, an attribute or all of
them. Tables of both planes: the job and how far it is are of the control plane, the rows that it works on are
of the data plane."""

import datetime
import enum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.accounts.tables import one_of
from models.base.columns import (
    Column,
    account_columns,
    account_reference,
    created_at,
    moment,
    short_text,
    short_text_check,
)
from models.base.planes import control_table, data_table, unique_in_account


class ContactJobKind(enum.Enum):
    """What a job does."""

    IMPORT = "IMPORT"
    LIST_DELETION = "LIST_DELETION"
    ATTRIBUTE_DELETION = "ATTRIBUTE_DELETION"
    CONTACTS_DELETION = "CONTACTS_DELETION"


class ContactJobStatus(enum.Enum):
    """How far a job is."""

    UPLOADING = "UPLOADING"
    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


UPLOAD_TIME = datetime.timedelta(hours=1)
"""A file that has not come whole by then never will: its server has died."""

KEPT_AFTER_CLOSING = datetime.timedelta(days=30)
"""A closed account's contacts, for those who still want to export them."""

OPEN = (ContactJobStatus.UPLOADING, ContactJobStatus.WAITING, ContactJobStatus.RUNNING)
_IS_OPEN = f"status IN ({', '.join(repr(status.value) for status in OPEN)})"

_COUNTS = ("total", "done", "created", "updated", "refused")

contact_jobs = control_table(
    "contact_jobs",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False, server_default=ContactJobStatus.WAITING.value),
    Column("list_id", Uuid, comment="The list that it removes."),
    Column("attribute_id", Uuid, comment="The attribute whose values it removes."),
    Column("reached", Uuid, comment="The row up to which it is done, where it passes all of them."),
    Column(
        "plan",
        JSONB(none_as_null=True),
        comment="How an import reads its rows.",
    ),
    *[Column(name, BigInteger, nullable=False, server_default=text("0")) for name in _COUNTS],
    short_text("failure", nullable=True),
    Column("user_id", Uuid, comment="Who asked for it,"),
    Column("api_key_id", Uuid, comment="or which key,"),
    Column("acting_from", Uuid, nullable=False, comment="by a grant of this account."),
    created_at(),
    moment("started_at"),
    moment("ended_at"),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    ForeignKeyConstraint(["user_id"], ["users.id"]),
    ForeignKeyConstraint(["master_id", "api_key_id"], ["api_keys.master_id", "api_keys.id"]),
    one_of("kind", ContactJobKind),
    one_of("status", ContactJobStatus),
    short_text_check("failure"),
    CheckConstraint(" AND ".join(f"{name} >= 0" for name in _COUNTS), name="counts"),
    CheckConstraint(f"({_IS_OPEN}) = (ended_at IS NULL)", name="ended"),
    CheckConstraint("(kind = 'IMPORT') = (plan IS NOT NULL)", name="plan"),
    CheckConstraint("(kind = 'LIST_DELETION') = (list_id IS NOT NULL)", name="list"),
    CheckConstraint("(kind = 'ATTRIBUTE_DELETION') = (attribute_id IS NOT NULL)", name="attribute"),
    Index("ix_contact_jobs_id", "id"),
    Index("ix_contact_jobs_account_id_id", "account_id", "id"),
    Index("ix_contact_jobs_open", "master_id", "id", postgresql_where=text(_IS_OPEN)),
)

contact_import_parts = data_table(
    "contact_import_parts",
    Column("job_id", Uuid, nullable=False),
    Column("part", Integer, nullable=False, comment="From 0, in the order of the file."),
    Column("rows", LargeBinary, nullable=False, comment="JSON: for each row its line and its cells."),
    created_at(),
    unique_in_account("job_id", "part"),
    comment="What is left to import: a part is deleted with the transaction that imports it.",
)

contact_import_errors = data_table(
    "contact_import_errors",
    Column("job_id", Uuid, nullable=False),
    Column("line", BigInteger, nullable=False, comment="Of the file, from 1."),
    short_text("reason"),
    created_at(),
    unique_in_account("job_id", "line"),
    short_text_check("reason"),
    Index("ix_contact_import_errors_created_at", "created_at"),
)
