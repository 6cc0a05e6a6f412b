"""Accounts and the closure of their tree (R39-R42, R51, R64)."""

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

from models.base.columns import Column, created_at, short_text, short_text_check
from models.base.planes import control_table
from models.base.text_forms import search_form, sort_form


class AccountKind(enum.Enum):
    """The position of an account in its tree."""

    MASTER = "MASTER"
    SUBACCOUNT = "SUBACCOUNT"


class AccountStatus(enum.Enum):
    """Whether an account can be used. A status also applies to all accounts below."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


class RightsInheritance(enum.Enum):
    """Which roles in an account also apply in the accounts below it."""

    ADMINISTRATORS = "ADMINISTRATORS"
    ALL_ROLES = "ALL_ROLES"


class ParentAccess(enum.Enum):
    """How far rights held in accounts above apply in an account and below it."""

    FULL = "FULL"
    READ_ONLY = "READ_ONLY"
    BREAK_GLASS = "BREAK_GLASS"
    NONE = "NONE"


class ApiKeyCreationPlace(enum.Enum):
    """Where in a tree API keys are created."""

    ANYWHERE = "ANYWHERE"
    MASTER_ONLY = "MASTER_ONLY"


EVERYTHING_PASSES = 2**63 - 1
"""A mask with all bits, those of future permissions too."""


class Currency(enum.Enum):
    """A currency by its ISO 4217 code. All amounts in a tree have the same currency."""

    EUR = "EUR"
    USD = "USD"
    GBP = "GBP"
    CHF = "CHF"
    SEK = "SEK"
    NOK = "NOK"
    DKK = "DKK"
    PLN = "PLN"
    CAD = "CAD"
    AUD = "AUD"


class CreditMode(enum.Enum):
    """Whose credit an account spends."""

    SHARED_POOL = "SHARED_POOL"
    OWN_BALANCE = "OWN_BALANCE"


DEPTH_LIMIT = 32
"""The greatest depth of an account below its master account."""


def one_of(column: str, values: type[enum.Enum]) -> CheckConstraint:
    """The column holds one of an enum's values."""
    allowed = ", ".join(f"'{member.value}'" for member in values)
    return CheckConstraint(f"{column} IN ({allowed})", name=column)


accounts = control_table(
    "accounts",
    Column("master_id", Uuid, nullable=False, comment="The root of the tree."),
    Column("id", Uuid, nullable=False),
    Column("parent_id", Uuid, comment="Never changed: a tree cannot be bent into a circle."),
    Column("external_id", Text, comment="The customer's own id, unique among the open under its parent."),
    short_text("name"),
    sort_form(),
    search_form(),
    Column("status", Text, nullable=False, server_default=AccountStatus.ACTIVE.value),
    Column(
        "rights_inheritance",
        Text,
        nullable=False,
        server_default=RightsInheritance.ADMINISTRATORS.value,
        comment="Which roles held here reach down (R45, R66, R73).",
    ),
    Column(
        "api_key_creation",
        Text,
        nullable=False,
        server_default=ApiKeyCreationPlace.ANYWHERE.value,
        comment="The master account's holds for its whole tree (R13).",
    ),
    Column(
        "parent_access",
        Text,
        nullable=False,
        server_default=ParentAccess.FULL.value,
        comment="What of the rights held above passes this account's link (N3).",
    ),
    Column(
        "currency",
        Text,
        nullable=False,
        server_default=Currency.EUR.value,
        comment="The master account's holds for its whole tree, and stays once there are amounts.",
    ),
    Column(
        "credit_mode",
        Text,
        nullable=False,
        server_default=CreditMode.SHARED_POOL.value,
        comment="Of a subaccount; a master account always has a balance of its own.",
    ),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    ForeignKeyConstraint(["master_id", "parent_id"], ["accounts.master_id", "accounts.id"]),
    CheckConstraint("(parent_id IS NULL) = (id = master_id)", name="root"),
    CheckConstraint("parent_id <> id", name="not_its_own_parent"),
    CheckConstraint("char_length(external_id) BETWEEN 1 AND 200", name="external_id_length"),
    one_of("status", AccountStatus),
    one_of("rights_inheritance", RightsInheritance),
    one_of("api_key_creation", ApiKeyCreationPlace),
    one_of("currency", Currency),
    one_of("credit_mode", CreditMode),
    CheckConstraint(
        f"parent_id IS NULL OR api_key_creation = '{ApiKeyCreationPlace.ANYWHERE.value}'",
        name="api_key_creation_of_master",
    ),
    one_of("parent_access", ParentAccess),
    CheckConstraint(
        f"parent_id IS NOT NULL OR parent_access = '{ParentAccess.FULL.value}'",
        name="parent_access_of_master",
    ),
    short_text_check("name"),
    Index("ix_accounts_id", "id"),
    Index("ix_accounts_parent_id_id", "parent_id", "id"),
    Index(
        "ix_accounts_external_id",
        "master_id",
        "external_id",
        postgresql_where=text("external_id IS NOT NULL"),
    ),
    # By which platform staff find accounts, in the order of the list.
    Index("ix_accounts_search_key", "search_key", "id", postgresql_ops={"search_key": "text_pattern_ops"}),
    Index(
        "ix_accounts_external_id_search_key",
        "external_id",
        "search_key",
        "id",
        postgresql_ops={"search_key": "text_pattern_ops"},
        postgresql_where=text("external_id IS NOT NULL"),
    ),
    Index(
        "uq_accounts_external_id",
        "master_id",
        "parent_id",
        "external_id",
        unique=True,
        postgresql_where=text("status <> 'CLOSED'"),
    ),
)

account_closure = control_table(
    "account_closure",
    Column("master_id", Uuid, nullable=False),
    Column("ancestor_id", Uuid, nullable=False),
    Column("descendant_id", Uuid, nullable=False, comment="Ids rise with creation: the order of lists."),
    Column("depth", Integer, nullable=False, comment="0: the account itself."),
    Column(
        "passed_mask",
        BigInteger,
        nullable=False,
        server_default=text(str(EVERYTHING_PASSES)),
        comment="What passes all links from the ancestor down to the descendant.",
    ),
    PrimaryKeyConstraint("master_id", "ancestor_id", "descendant_id"),
    ForeignKeyConstraint(["master_id", "ancestor_id"], ["accounts.master_id", "accounts.id"]),
    ForeignKeyConstraint(["master_id", "descendant_id"], ["accounts.master_id", "accounts.id"]),
    CheckConstraint("(depth = 0) = (ancestor_id = descendant_id)", name="self"),
    CheckConstraint(f"depth BETWEEN 0 AND {DEPTH_LIMIT}", name="depth"),
    UniqueConstraint("master_id", "descendant_id", "depth"),
    Index(
        "ix_account_closure_descendant_id",
        "descendant_id",
        "ancestor_id",
        postgresql_include=["depth", "master_id", "passed_mask"],
    ),
)
