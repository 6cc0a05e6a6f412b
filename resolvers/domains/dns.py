"""Asking DNS, with bounded patience. Whatever a name server says is a claim of strangers."""

from collections.abc import Sequence
from dataclasses import dataclass

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdata
import dns.resolver

from models.domains.tables import DnsRecordType

PATIENCE = 5.0
"""Seconds for one name, over all name servers and tries."""
_ONE_TRY = 2.0
"""Seconds for one try: packets get lost. A server that needs longer for every answer is never heard."""
_ANSWER_SIZE = 1232
"""The largest answer over UDP, in bytes. Larger ones come over TCP."""


@dataclass(frozen=True)
class NameServer:
    """A server that resolves names for others."""

    address: str
    port: int = 53


@dataclass(frozen=True)
class Dns:
    """DNS as these name servers see it, the first of them that answers. None: those of the system."""

    servers: Sequence[NameServer] = ()

    async def look_up(self, name: str, kind: DnsRecordType) -> list[str] | None:
        """The values of the records of this type, in printable ASCII: empty if there are none, or the name
        does not exist. None: no name server gave an answer that can be used."""
        try:
            answer = await self._resolver().resolve(
                dns.name.from_text(name),
                kind.value,
                raise_on_no_answer=False,
                search=False,
                lifetime=PATIENCE,
            )
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.exception.DNSException, OSError):
            return None
        return [] if answer.rrset is None else [_printed(record) for record in answer.rrset]

    async def addresses(self, name: str, patience: float) -> list[str]:
        """The IP addresses that the name leads to, those of IPv4 first. Empty: it leads nowhere, or no name
        server gave an answer that can be used, for so many seconds."""
        try:
            found = await self._resolver().resolve_name(
                dns.name.from_text(name), lifetime=patience, search=False
            )
        except (dns.exception.DNSException, OSError):
            return []
        return sorted(found.addresses(), key=lambda address: ":" in address)

    def _resolver(self) -> dns.asyncresolver.Resolver:
        resolver = dns.asyncresolver.Resolver(configure=not self.servers)
        if self.servers:
            resolver.nameservers = [
                dns.nameserver.Do53Nameserver(server.address, server.port) for server in self.servers
            ]
        resolver.timeout = _ONE_TRY
        resolver.use_edns(0, 0, _ANSWER_SIZE)
        return resolver


def _printed(record: dns.rdata.Rdata) -> str:
    """The pieces of a text are one value; what cannot be printed is shown by its number, as zone files do."""
    pieces = getattr(record, "strings", None)
    if pieces is None:
        return record.to_text().removesuffix(".")
    return "".join(chr(byte) if 32 <= byte < 127 else f"\\{byte:03}" for byte in b"".join(pieces))
