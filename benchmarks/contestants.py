"""The other servers, and which of them cannot be had on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import compiled_peer
from benchmarks.machine import program
from benchmarks.servers import PEERS, PLANNED_BY_DEFAULT, PLANNED_ONCE, Server, python


@dataclass(frozen=True)
class Contestants:
    """`missing`: a sentence for each peer that cannot be had."""

    servers: Sequence[Server]
    missing: Sequence[str]

    def planned(self, planning: str) -> list[str]:
        """The names of those whose statements are planned like this."""
        return [server.name for server in self.servers if server.planning == planning]

    def on_node(self) -> list[str]:
        """The names of those on Node, whose statements are planned once."""
        once = self.planned(PLANNED_ONCE)
        return [server.name for server in self.servers if server.is_on_node and server.name in once]


def peers(folder: Path) -> Contestants:
    """Builds into the folder what has to be compiled. Those on Node whose statements have arrays are there
    twice."""
    node = program("node")
    mercurius, apollo, postgraphile = (
        Server(name, (node, str(PEERS / file)), is_on_node=True)
        for name, file in (
            ("Mercurius", "mercurius.mjs"),
            ("Apollo Server", "apollo.mjs"),
            ("PostGraphile", "postgraphile.mjs"),
        )
    )
    usual = Server("Strawberry as usual", python("benchmarks.usual"))
    built = compiled_peer.build(folder)
    by_default = [
        replace(peer, name=f"{peer.name}, planned by default", planning=PLANNED_BY_DEFAULT)
        for peer in (mercurius, apollo)
    ]
    compiled = [built] if isinstance(built, Server) else []
    servers = (mercurius, *compiled, postgraphile, apollo, usual, *by_default)
    return Contestants(servers, [built] if isinstance(built, str) else [])
