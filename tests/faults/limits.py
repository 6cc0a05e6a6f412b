"""How soon all has to be back, and what a process may have more afterwards."""

from dataclasses import dataclass

from tests.authz.escalation.profiles import BY_NIGHT
from tests.faults.site import Site, open_files, resident_bytes
from tests.server.start.processes import Running

BACK_SECONDS = 10.0 if BY_NIGHT else 60.0
"""After a fault's end. By day other tests run on the same machine, and take most of its time."""
GRACE_SECONDS = 20.0 if BY_NIGHT else 60.0
"""From SIGTERM until a server has ended."""

_MORE_FILES = 20
_MORE_BYTES = 60_000_000
"""What the process compiles and remembers meanwhile is a part of it."""
_CONNECTIONS_OF_FIVE = 5 + 4 + 4 + 1
"""With MANDANT_POOL_SIZE=5: for writes, reads, reads of contacts, and mail."""


@dataclass(frozen=True)
class Footprint:
    """What a server's process holds."""

    files: int
    memory: int
    connected: int

    @classmethod
    async def of(cls, site: Site, server: Running) -> "Footprint":
        """Now."""
        process = server.process.pid
        return cls(open_files(process), resident_bytes(process), await site.connected())

    def has_not_grown(self, before: "Footprint") -> None:
        """It is about what it was."""
        assert self.connected <= _CONNECTIONS_OF_FIVE
        assert self.files <= before.files + _MORE_FILES
        assert self.memory <= before.memory + _MORE_BYTES
