"""The interface of all objects with a global id."""

import strawberry

from engine.base.marks import Public

ID_DESCRIPTION = "The global and opaque id, for `node(id:)` and for arguments."


@strawberry.interface(description="Anything that has a global id.", directives=[Public()])
class Node:
    id: strawberry.ID = strawberry.field(description=ID_DESCRIPTION)
