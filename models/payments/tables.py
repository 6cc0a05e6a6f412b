"""Payment methods and top-ups (R44). Only the provider's references are stored, never card numbers."""

import datetime
import enum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

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
from models.base.planes import control_table

LEFT_TO_ITS_REQUEST = datetime.timedelta(seconds=30)
"""How long a worker leaves a person's top-up to the request that began it. The request stops waiting for the
payment provider before that (resolvers/payments/provider.py)."""


class TopUpStatus(enum.Enum):
    """The status of a top-up."""

    PENDING = "PENDING"
    SETTLED = "SETTLED"
    DECLINED = "DECLINED"


payment_methods = control_table(
    "payment_methods",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    short_text("label"),
    Column("reference", Text, nullable=False, comment="The provider's name for it, never a card number."),
    moment("removed_at"),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    # A top-up refers to it, so that it cannot use another account's payment method.
    UniqueConstraint("master_id", "account_id", "id"),
    account_reference(),
    short_text_check("label"),
    CheckConstraint("char_length(reference) BETWEEN 1 AND 200", name="reference_length"),
    Index("ix_payment_methods_id", "id"),
    Index("ix_payment_methods_account_id_id", "account_id", "id"),
)

top_ups = control_table(
    "top_ups",
    *account_columns(),
    Column("id", Uuid, nullable=False, comment="Also the key under which the provider is asked."),
    Column("payment_method_id", Uuid, nullable=False),
    Column("amount", BigInteger, nullable=False, comment="In micro-units."),
    Column("status", Text, nullable=False, server_default=TopUpStatus.PENDING.value),
    Column("decline_reason", Text, comment="The provider's words."),
    Column("transaction_id", Uuid),
    Column(
        "automatic",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="Begun by the account's rule.",
    ),
    Column("actor_user_id", Uuid, ForeignKey("users.id")),
    Column("actor_api_key_id", Uuid),
    Column("actor_account_id", Uuid, comment="The account that gave the actor the right (R54)."),
    created_at(),
    moment("answered_at"),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    ForeignKeyConstraint(
        ["master_id", "account_id", "payment_method_id"],
        ["payment_methods.master_id", "payment_methods.account_id", "payment_methods.id"],
    ),
    ForeignKeyConstraint(
        ["master_id", "transaction_id"], ["ledger_transactions.master_id", "ledger_transactions.id"]
    ),
    one_of("status", TopUpStatus),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint(
        f"(status = '{TopUpStatus.SETTLED.value}') = (transaction_id IS NOT NULL)", name="settled"
    ),
    CheckConstraint(f"(status = '{TopUpStatus.PENDING.value}') = (answered_at IS NULL)", name="answered"),
    Index("ix_top_ups_id", "id"),
    Index("ix_top_ups_account_id_id", "account_id", "id"),
    Index("ix_top_ups_pending", "id", postgresql_where=text("status = 'PENDING'")),
    # Whatever workers do, a rule never charges its account twice at once (T19).
    Index(
        "ix_top_ups_automatic",
        "master_id",
        "account_id",
        unique=True,
        postgresql_where=text("automatic AND status = 'PENDING'"),
    ),
)
