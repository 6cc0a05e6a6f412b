"""Active contacts, sends and their reservations, cycle by cycle (R89-R104, T18, T21).

The row of a cycle is the only lock: a write that counts in the cycle locks it first. A contact belongs to the
reservation that made it active. While that one is open, other reservations for the same contact store a
claim, so that the contact stays active for them if the first is voided.
"""

import datetime
import enum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from engine.text.forms import compared
from models.accounts.tables import one_of
from models.base.columns import (
    Column,
    account_columns,
    account_reference,
    created_at,
    moment,
    short_text,
)
from models.base.planes import control_table
from models.base.text_forms import form, sort_form
from models.plans.tables import MOST_IN_A_CYCLE

LABEL_LENGTH = 50
"""The longest label of sends, in characters."""

LAST_REQUESTS = datetime.timedelta(minutes=1)
"""How long a cycle stays open after its end: a request that began before the end may still write to it."""


class SendStream(enum.Enum):
    """The kind of messages."""

    MARKETING = "MARKETING"
    TRANSACTIONAL = "TRANSACTIONAL"


class ReservationStatus(enum.Enum):
    """The status of a reservation of sends."""

    RESERVED = "RESERVED"
    COMMITTED = "COMMITTED"
    VOIDED = "VOIDED"
    EXPIRED = "EXPIRED"


send_cycles = control_table(
    "send_cycles",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    moment("starts_at", nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False, comment="Not in it."),
    Column("contacts", BigInteger, nullable=False, server_default=text("0"), comment="Rows below."),
    Column(
        "repeated",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="How many more contacts its accounts count, each by itself, than are active.",
    ),
    Column("sends", BigInteger, nullable=False, server_default=text("0")),
    Column(
        "closed_at",
        DateTime(timezone=True),
        comment="When it had ended and its contacts were forgotten.",
    ),
    PrimaryKeyConstraint("master_id", "id"),
    UniqueConstraint("master_id", "account_id", "starts_at"),
    account_reference(),
    CheckConstraint(
        f"contacts >= 0 AND repeated >= 0 AND sends BETWEEN 0 AND {MOST_IN_A_CYCLE}", name="counts"
    ),
    Index("ix_send_cycles_open", "ends_at", postgresql_where=text("closed_at IS NULL")),
    comment="Of a subscription: what was used in it. Whoever counts locks the row.",
)

active_contacts = control_table(
    "active_contacts",
    Column("master_id", Uuid, nullable=False),
    Column("cycle_id", Uuid, nullable=False),
    Column(
        "digest",
        LargeBinary,
        nullable=False,
        comment="Of the address, keyed.",
    ),
    Column("reservation_id", Uuid, nullable=False, comment="By which it became active."),
    # No foreign keys: a reservation for a million contacts would check a million rows.
    PrimaryKeyConstraint("master_id", "cycle_id", "digest"),
    Index("ix_active_contacts_reservation_id", "reservation_id"),
)

contact_claims = control_table(
    "contact_claims",
    Column("master_id", Uuid, nullable=False),
    Column("reservation_id", Uuid, nullable=False),
    Column("cycle_id", Uuid, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    PrimaryKeyConstraint("master_id", "reservation_id", "digest"),
    Index("ix_contact_claims_cycle_id", "cycle_id", "digest"),
    comment="Contacts that an open reservation sends to and another open one holds; of accounts that share a "
    "subscription also what is another's.",
)

send_counts = control_table(
    "send_counts",
    *account_columns(),
    Column("cycle_id", Uuid, nullable=False),
    Column("sends", BigInteger, nullable=False),
    PrimaryKeyConstraint("master_id", "cycle_id", "account_id"),
    account_reference(),
    ForeignKeyConstraint(["master_id", "cycle_id"], ["send_cycles.master_id", "send_cycles.id"]),
    CheckConstraint("sends >= 0", name="sends"),
    comment="What each account has used of a cycle.",
)

send_labels = control_table(
    "send_labels",
    *account_columns(),
    Column("cycle_id", Uuid, nullable=False),
    short_text("label"),
    sort_form(of="label"),
    form("compared_label", compared, of="label"),
    PrimaryKeyConstraint("master_id", "cycle_id", "account_id", "label"),
    account_reference(),
    ForeignKeyConstraint(["master_id", "cycle_id"], ["send_cycles.master_id", "send_cycles.id"]),
    CheckConstraint(f"char_length(label) BETWEEN 1 AND {LABEL_LENGTH}", name="label_length"),
    Index("ix_send_labels_compared_label", "account_id", "compared_label", "cycle_id"),
    comment="Labels that an account has used in a cycle: few, so that they can be counted (T35).",
)

send_reservations = control_table(
    "send_reservations",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("cycle_id", Uuid, nullable=False, comment="Of the moment when it was made."),
    Column("stream", Text, nullable=False),
    Column("api_key_id", Uuid, comment="The key that made it. None: a person."),
    short_text("label", nullable=True),
    Column("status", Text, nullable=False, server_default=ReservationStatus.RESERVED.value),
    Column("recipients", BigInteger, nullable=False),
    Column("new_contacts", BigInteger, nullable=False, comment="That became active by it."),
    Column(
        "own_contacts",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="That the account had not sent to before in the cycle.",
    ),
    Column(
        "blocked",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="Left out, as the next two: on a block list.",
    ),
    Column("unsubscribed", BigInteger, nullable=False, server_default=text("0")),
    Column("bounced", BigInteger, nullable=False, server_default=text("0")),
    Column("left_out", ARRAY(LargeBinary), comment="The digests of these, if a request named them."),
    Column("left_out_by", ARRAY(Text), comment="The cause of each."),
    Column("price", BigInteger, nullable=False, comment="Of sends beyond the plan's, in micro-units."),
    Column("beyond", BigInteger, nullable=False, server_default=text("0"), comment="Sends that it is for."),
    Column("payer_id", Uuid, nullable=False, comment="Whose credit is reserved."),
    moment("expires_at", nullable=False),
    moment("settled_at"),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    ForeignKeyConstraint(["master_id", "cycle_id"], ["send_cycles.master_id", "send_cycles.id"]),
    ForeignKeyConstraint(["master_id", "payer_id"], ["accounts.master_id", "accounts.id"]),
    ForeignKeyConstraint(
        ["master_id", "cycle_id", "account_id", "label"],
        ["send_labels.master_id", "send_labels.cycle_id", "send_labels.account_id", "send_labels.label"],
    ),
    one_of("stream", SendStream),
    one_of("status", ReservationStatus),
    CheckConstraint("recipients > 0 AND new_contacts >= 0 AND price >= 0", name="counts"),
    CheckConstraint("blocked >= 0 AND unsubscribed >= 0 AND bounced >= 0", name="left_out"),
    CheckConstraint(
        "cardinality(left_out) IS NOT DISTINCT FROM cardinality(left_out_by)", name="left_out_by"
    ),
    CheckConstraint("price = 0 OR beyond > 0 AND price % beyond = 0", name="beyond"),
    CheckConstraint("(status = 'RESERVED') = (settled_at IS NULL)", name="settled"),
    Index("ix_send_reservations_id", "id"),
    Index("ix_send_reservations_account_id_id", "account_id", "id"),
    Index(
        "ix_send_reservations_committed",
        "account_id",
        "settled_at",
        postgresql_where=text("status = 'COMMITTED'"),
    ),
    Index(
        "ix_send_reservations_priced",
        "master_id",
        "cycle_id",
        postgresql_where=text("price > 0"),
    ),
    Index(
        "ix_send_reservations_given_back",
        "created_at",
        postgresql_where=text("status IN ('VOIDED', 'EXPIRED')"),
    ),
    Index(
        "ix_send_reservations_open",
        "master_id",
        "cycle_id",
        "expires_at",
        postgresql_where=text("status = 'RESERVED'"),
    ),
)
