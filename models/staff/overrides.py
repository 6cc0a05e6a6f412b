"""What platform staff set in a customer's account, for a reason and until a day (R88, T36)."""

import enum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
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


class OverrideKind(enum.Enum):
    """A setting that only platform staff can make."""

    SUBACCOUNTS = "SUBACCOUNTS"
    UNSUBSCRIBE_SCOPE = "UNSUBSCRIBE_SCOPE"
    SENDING_DOMAINS = "SENDING_DOMAINS"
    FIELD_FUNCTIONS = "FIELD_FUNCTIONS"
    REVIEW_APPROVED = "REVIEW_APPROVED"
    USER_RIGHTS = "USER_RIGHTS"

    @property
    def needs_approval(self) -> bool:
        """Whether another member of staff has to approve it, as it decides who gets mail (T36)."""
        return self in NEED_APPROVAL


NEED_APPROVAL = frozenset({OverrideKind.UNSUBSCRIBE_SCOPE, OverrideKind.REVIEW_APPROVED})


class UnsubscribeScope(enum.Enum):
    """What an unsubscribe applies to."""

    ACCOUNT = "ACCOUNT"
    LIST = "LIST"


USUAL_SENDING_DOMAINS = 1
MOST_SENDING_DOMAINS = 10_000


def _value_of(column: str, kind: OverrideKind) -> CheckConstraint:
    return CheckConstraint(f"({column} IS NOT NULL) = (kind = '{kind.value}')", name=f"{column}_of_its_kind")


_SECOND_PERSON = ", ".join(f"'{kind.value}'" for kind in OverrideKind if kind in NEED_APPROVAL)

overrides = control_table(
    "overrides",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("unsubscribe_scope", Text, comment="The value of UNSUBSCRIBE_SCOPE (R77)."),
    Column("sending_domains", Integer, comment="The value of SENDING_DOMAINS: how many (R80)."),
    Column("field_functions", Boolean, comment="The value of FIELD_FUNCTIONS: whether they work (R83)."),
    Column("user_id", Uuid, ForeignKey("users.id"), comment="Of USER_RIGHTS: whose rights (R73)."),
    Column("rights_mask", BigInteger, comment="Of USER_RIGHTS: what the person's role gives below at most."),
    short_text("reason"),
    Column("made_by", Uuid, ForeignKey("users.id"), nullable=False),
    Column("approved_by", Uuid, ForeignKey("users.id"), comment="The second pair of eyes."),
    Column("ended_by", Uuid, ForeignKey("users.id")),
    created_at(),
    moment("in_force_from"),
    moment("expires_at", nullable=False),
    moment("ended_at"),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    one_of("kind", OverrideKind),
    one_of("unsubscribe_scope", UnsubscribeScope),
    _value_of("unsubscribe_scope", OverrideKind.UNSUBSCRIBE_SCOPE),
    _value_of("sending_domains", OverrideKind.SENDING_DOMAINS),
    _value_of("field_functions", OverrideKind.FIELD_FUNCTIONS),
    _value_of("user_id", OverrideKind.USER_RIGHTS),
    _value_of("rights_mask", OverrideKind.USER_RIGHTS),
    CheckConstraint(f"sending_domains BETWEEN 1 AND {MOST_SENDING_DOMAINS}", name="sending_domains"),
    CheckConstraint("approved_by <> made_by", name="nobody_approves_his_own"),
    CheckConstraint(
        f"kind NOT IN ({_SECOND_PERSON}) OR (in_force_from IS NULL) = (approved_by IS NULL)",
        name="four_eyes",
    ),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
    short_text_check("reason"),
    Index("ix_overrides_id", "id"),
    Index("ix_overrides_account_id_id", "account_id", "id"),
    Index("ix_overrides_expires_at", "expires_at", postgresql_where=text("ended_at IS NULL")),
    Index(
        "ix_overrides_waiting",
        "id",
        postgresql_where=text("in_force_from IS NULL AND ended_at IS NULL"),
    ),
)
