"""Somebody who gets signed mail."""

import asyncio
from dataclasses import dataclass

import dkim

from models.domains.tables import DnsRecordType
from resolvers.domains.dns import Dns

DOMAIN = "xn--gre-hoa8b.example"
"""The one that signs."""


@dataclass(frozen=True)
class Receiver:
    """Somebody who gets mail, and asks the name server for the sender's key."""

    dns: Dns

    def verifies(self, content: bytes) -> bool:
        try:
            return bool(dkim.verify(content, dnsfunc=self._look_up))
        except dkim.DKIMException:
            return False

    def _look_up(self, name: bytes, **_: int) -> bytes | None:
        """As dkimpy asks."""
        values = asyncio.run(self.dns.look_up(name.decode(), DnsRecordType.TXT))
        return values[0].encode() if values else None
