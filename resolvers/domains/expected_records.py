"""The records that a domain's owner has to publish in DNS.

All hosts that they name are below the deployment's mail host:

    spf.<mail host>       its SPF record names the servers that send
    bounce.<mail host>    takes mail that comes back
    track.<mail host>     answers for links in mail
"""

from dataclasses import dataclass

from models.domains.tables import DnsRecordType, DomainKind, DomainRecordPurpose
from resolvers.inputs.domain_names import registered_part

_TOKEN = "mandant-verification"  # noqa: S105 - the name of the value, which is public

_SIGN_IN_TOKEN = "mandant-sign-in"  # noqa: S105 - the same
"""Another value than for mail: whoever lets an agency send mail does not let it sign people in."""


@dataclass(frozen=True)
class PublishedKey:
    """The public half of a domain's key for DKIM."""

    selector: str
    public_key: str


@dataclass(frozen=True)
class DomainFacts:
    """What the records depend on. `name`: in ASCII. `key`: of a sending domain. `next_key`: what will replace
    it."""

    kind: DomainKind
    name: str
    token: str
    key: PublishedKey | None
    next_key: PublishedKey | None = None


@dataclass(frozen=True)
class ExpectedRecord:
    """`else_at`: the name whose record does as well if there is none at `name`."""

    purpose: DomainRecordPurpose
    type: DnsRecordType
    name: str
    value: str
    else_at: str | None = None


def expected_records(domain: DomainFacts, mail_host: str) -> list[ExpectedRecord]:
    """The records of a domain. It is verified when all of them are found, but for that of a key that waits to
    replace another one."""
    if domain.kind is DomainKind.SIGN_IN:
        name, value = f"_mandant-sign-in.{domain.name}", f"{_SIGN_IN_TOKEN}={domain.token}"
        return [_text(DomainRecordPurpose.OWNERSHIP, name, value)]
    ownership = _text(DomainRecordPurpose.OWNERSHIP, f"_mandant.{domain.name}", f"{_TOKEN}={domain.token}")
    if domain.key is None:
        target = f"track.{mail_host}"
        return [ownership, _alias(DomainRecordPurpose.TRACKING, domain.name, target)]
    waiting = [] if domain.next_key is None else [next_key_record(domain.name, domain.next_key)]
    return [
        ownership,
        _of_key(DomainRecordPurpose.DKIM, domain.name, domain.key),
        *waiting,
        _text(DomainRecordPurpose.SPF, domain.name, f"v=spf1 include:{spf_host(mail_host)} ~all"),
        _text(
            DomainRecordPurpose.DMARC,
            f"_dmarc.{domain.name}",
            "v=DMARC1; p=none",
            else_at=f"_dmarc.{registered_part(domain.name)}",
        ),
        _alias(DomainRecordPurpose.RETURN_PATH, f"bounce.{domain.name}", f"bounce.{mail_host}"),
    ]


def next_key_record(name: str, key: PublishedKey) -> ExpectedRecord:
    """The record of a key that waits to replace another one. `name`: the domain's, in ASCII."""
    return _of_key(DomainRecordPurpose.DKIM_NEXT, name, key)


def spf_host(mail_host: str) -> str:
    """The name that an SPF record has to include."""
    return f"spf.{mail_host}"


def _of_key(purpose: DomainRecordPurpose, name: str, key: PublishedKey) -> ExpectedRecord:
    return _text(purpose, f"{key.selector}._domainkey.{name}", f"v=DKIM1; k=rsa; p={key.public_key}")


def _text(purpose: DomainRecordPurpose, name: str, value: str, else_at: str | None = None) -> ExpectedRecord:
    return ExpectedRecord(purpose, DnsRecordType.TXT, name, value, else_at)


def _alias(purpose: DomainRecordPurpose, name: str, target: str) -> ExpectedRecord:
    return ExpectedRecord(purpose, DnsRecordType.CNAME, name, target)
