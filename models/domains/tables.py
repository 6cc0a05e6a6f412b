"""Domains of accounts: what their owners publish in DNS, and which of them are verified (R80-R82)."""

import enum

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from models.accounts.tables import one_of
from models.base.columns import (
    NOT_OF_A_TREE,
    Column,
    account_columns,
    account_reference,
    created_at,
    moment,
)
from models.base.planes import control_table


class DomainKind(enum.Enum):
    """What a domain is for."""

    SENDING = "SENDING"
    TRACKING = "TRACKING"
    SIGN_IN = "SIGN_IN"


class DomainStatus(enum.Enum):
    """Whether an account can use a domain."""

    PENDING = "PENDING"
    VERIFIED = "VERIFIED"
    BROKEN = "BROKEN"


class DomainRecordPurpose(enum.Enum):
    """What a DNS record is for."""

    OWNERSHIP = "OWNERSHIP"
    DKIM = "DKIM"
    DKIM_NEXT = "DKIM_NEXT"
    SPF = "SPF"
    DMARC = "DMARC"
    RETURN_PATH = "RETURN_PATH"
    TRACKING = "TRACKING"


class DnsRecordType(enum.Enum):
    """The type of a DNS record."""

    TXT = "TXT"
    CNAME = "CNAME"


class DomainRecordStatus(enum.Enum):
    """What the last check found of a DNS record."""

    OK = "OK"
    MISSING = "MISSING"
    WRONG = "WRONG"
    UNREACHABLE = "UNREACHABLE"


domain_claims = control_table(
    "domain_claims",
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, comment="As DNS has it, in ASCII."),
    Column("master_id", Uuid, nullable=False),
    Column(
        "for_sign_in",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="Whether people sign in by it; else mail and links use it.",
    ),
    UniqueConstraint("name", "for_sign_in"),
    comment="Which tree has a domain verified: one tree at most for each of both purposes.",
    info={NOT_OF_A_TREE: "a domain is verified by one tree, whichever it is"},
)

domains = control_table(
    "domains",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False, comment="In Unicode, as people read it."),
    Column("ascii_name", Text, nullable=False, comment="As DNS has it, by IDNA 2008: what is compared."),
    Column("status", Text, nullable=False, server_default=DomainStatus.PENDING.value),
    Column("token", Text, nullable=False, comment="Whoever publishes it under the domain owns the domain."),
    Column("claim_id", Uuid, ForeignKey("domain_claims.id"), comment="Of its tree, while it is verified."),
    Column(
        "failures", Integer, nullable=False, server_default=text("0"), comment="Of a verified one, in a row."
    ),
    moment("failure_counted_at"),
    moment("verified_at"),
    moment("checked_at"),
    moment("check_due_at", nullable=False),
    Column("actor_user_id", Uuid, ForeignKey("users.id"), comment="Who asked for the check that is due."),
    Column("actor_api_key_id", Uuid),
    Column("actor_account_id", Uuid, comment="The account that gave the actor the right (R54)."),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    one_of("kind", DomainKind),
    one_of("status", DomainStatus),
    CheckConstraint("char_length(ascii_name) BETWEEN 1 AND 253", name="ascii_name_length"),
    CheckConstraint(
        f"(status = '{DomainStatus.VERIFIED.value}') = (claim_id IS NOT NULL)", name="verified_by_a_claim"
    ),
    Index("ix_domains_id", "id"),
    Index(
        "ix_domains_ascii_name",
        "master_id",
        "account_id",
        "ascii_name",
        unique=True,
        postgresql_where=text(f"kind <> '{DomainKind.SIGN_IN.value}'"),
    ),
    Index(
        "ix_domains_sign_in",
        "master_id",
        "account_id",
        "ascii_name",
        unique=True,
        postgresql_where=text(f"kind = '{DomainKind.SIGN_IN.value}'"),
    ),
    Index("ix_domains_account_id_id", "account_id", "id"),
    Index("ix_domains_check_due_at", "check_due_at"),
    Index("ix_domains_claim_id", "claim_id", postgresql_where=text("claim_id IS NOT NULL")),
    Index(
        "ix_domains_tracking",
        "master_id",
        "account_id",
        unique=True,
        postgresql_where=text(f"kind = '{DomainKind.TRACKING.value}'"),
    ),
)

domain_keys = control_table(
    "domain_keys",
    Column("master_id", Uuid, nullable=False),
    Column("domain_id", Uuid, nullable=False),
    Column("selector", Text, nullable=False, comment="The name in DNS under which the public key is found."),
    Column("public_key", Text, nullable=False, comment="In DER and base64, as DKIM publishes it."),
    Column("private_key", LargeBinary, nullable=False, comment="Sealed; in DER by PKCS #8."),
    Column("next_selector", Text, comment="Of the key that will replace this one."),
    Column("next_public_key", Text),
    Column("next_private_key", LargeBinary),
    created_at(),
    PrimaryKeyConstraint("master_id", "domain_id"),
    ForeignKeyConstraint(["master_id", "domain_id"], ["domains.master_id", "domains.id"]),
    CheckConstraint("num_nulls(next_selector, next_public_key, next_private_key) IN (0, 3)", name="next_key"),
)

domain_records = control_table(
    "domain_records",
    Column("master_id", Uuid, nullable=False),
    Column("domain_id", Uuid, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False, comment="What the domain's owner has to publish."),
    Column("status", Text, comment="NULL: it was not checked yet."),
    Column("found_values", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("problem", Text, comment="For people."),
    moment("checked_at"),
    PrimaryKeyConstraint("master_id", "domain_id", "purpose"),
    ForeignKeyConstraint(["master_id", "domain_id"], ["domains.master_id", "domains.id"]),
    one_of("purpose", DomainRecordPurpose),
    one_of("type", DnsRecordType),
    one_of("status", DomainRecordStatus),
    CheckConstraint("(status IS NULL) = (checked_at IS NULL)", name="checked"),
)
