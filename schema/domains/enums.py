"""Enums of the area, as GraphQL shows them."""

from models.domains.tables import (
    DnsRecordType,
    DomainKind,
    DomainRecordPurpose,
    DomainRecordStatus,
    DomainStatus,
)
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        DomainKind,
        {
            "SENDING": "The account sends e-mail from addresses of this domain.",
            "TRACKING": "Links in the account's e-mail lead through this domain.",
            "SIGN_IN": "People with addresses of this domain sign in by the master account's single sign-on. "
            "Only master accounts have such domains.",
        },
    ),
    EnumDescription(
        DomainStatus,
        {
            "PENDING": "Not all records have been found yet.",
            "VERIFIED": "All records were found, and the domain can be used.",
            "BROKEN": "It was verified, and on three days records were missing or wrong. It cannot be used "
            "until all records are found again.",
        },
    ),
    EnumDescription(
        DomainRecordPurpose,
        {
            "OWNERSHIP": "Proves that the account's people control the domain.",
            "DKIM": "The key with which e-mail is signed.",
            "DKIM_NEXT": "The key that will replace that of DKIM once this record is found. It is not needed "
            "for the domain to be verified.",
            "SPF": "Allows the platform's servers to send e-mail of the domain.",
            "DMARC": "Says what receivers do with e-mail that is not of the domain. The record of the "
            "registered domain above it also counts.",
            "RETURN_PATH": "Where e-mail that cannot be delivered comes back to.",
            "TRACKING": "Leads links to the platform's servers.",
        },
    ),
    EnumDescription(
        DnsRecordType, {"TXT": "A text.", "CNAME": "Another name that answers in place of this one."}
    ),
    EnumDescription(
        DomainRecordStatus,
        {
            "OK": "The record was found.",
            "MISSING": "There is no such record.",
            "WRONG": "There is another record in its place; `problem` says what is wrong.",
            "UNREACHABLE": "No name server gave an answer in time.",
        },
    ),
)
