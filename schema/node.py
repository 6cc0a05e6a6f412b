"""The interface of everything that has a global id."""

import strawberry

from engine.rules import Public


@strawberry.interface(description="Anything that has a global id.", directives=[Public()])
class Node:
    id: strawberry.ID = strawberry.field(description="Global and opaque: for `node(id:)` and for arguments.")
