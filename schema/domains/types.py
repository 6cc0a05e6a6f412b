"""Domains and their records in DNS."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, global_id
from engine.declare.declarations import column, entity, to_many, to_one
from models.base.ids import Kind
from models.domains.tables import (
    DnsRecordType,
    DomainKind,
    DomainRecordPurpose,
    DomainRecordStatus,
    DomainStatus,
    domain_records,
    domains,
)
from resolvers.domains import reads
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef


@entity(domain_records, key=("master_id", "domain_id", "purpose"), requires=Permission.DOMAINS_READ)
class DomainRecord:
    """A record to publish in the DNS of a domain, and what the last check found of it."""

    purpose: DomainRecordPurpose = column(
        codec=enum_of(DomainRecordPurpose), description="What the record is for."
    )
    type: DnsRecordType = column(codec=enum_of(DnsRecordType), description="The type of the record.")
    name: str = column(description="The full name of the record, in ASCII.")
    value: str = column(description="The value to publish.")
    status: DomainRecordStatus | None = column(
        codec=enum_of(DomainRecordStatus), description="What the last check found; null before the first one."
    )
    found_values: list[str] = column(
        description="The values that the last check found: at most 10, each up to 300 characters long."
    )
    problem: str | None = column(description="What is wrong, in a sentence; null if the status says it all.")
    checked_at: datetime.datetime | None = column(description="When it was checked; null if not yet.")


@entity(domains, requires=Permission.DOMAINS_READ)
class Domain(Node):
    """A domain of an account: the account sends from it, or the links in its e-mail lead through it. A domain
    is verified in one tree of accounts only, and in any number of accounts of that tree."""

    id: strawberry.ID = column(codec=global_id(Kind.DOMAIN), description=ID_DESCRIPTION)
    kind: DomainKind = column(codec=enum_of(DomainKind), description="What the domain is for.")
    name: str = column(description="The name, in Unicode.")
    ascii_name: str = column(description="The name as DNS has it, in ASCII (IDNA 2008).")
    status: DomainStatus = column(
        codec=enum_of(DomainStatus), description="Whether the account can use the domain."
    )
    records: list[DomainRecord] = to_many(reads.records_of, most=len(DomainRecordPurpose))
    account: AccountRef | None = to_one(reads.account_of)
    created_at: datetime.datetime = column(description="When it was added.")
    verified_at: datetime.datetime | None = column(
        description="When it was verified first; null if it never was."
    )
    checked_at: datetime.datetime | None = column(description="When it was checked last; null if not yet.")
    check_due_at: datetime.datetime = column(
        description="When the next check is due. While a check is under way, this is in the past."
    )
