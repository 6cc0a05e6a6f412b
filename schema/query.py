"""The root fields that belong to no area."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated

import strawberry

from engine.declare.arguments import Described
from engine.declare.declarations import LookUp, look_up, look_ups
from schema.areas import AREAS
from schema.fields.marks import OPEN
from schema.fields.node import Node


@cache
def found_by() -> Mapping[str, LookUp]:
    """How an object is found by its global id. Each id prefix belongs to one GraphQL type."""
    return {kind: look_up for area in AREAS for kind, look_up in area.look_ups.items()}


def _node(root: None, id: Annotated[strawberry.ID, Described("A global id of any kind.")]) -> None:
    """Any object by its global id; null if it does not exist or you cannot reach it."""


def _nodes(root: None, ids: Annotated[list[strawberry.ID], Described("At most 100 ids.")]) -> None:
    """Objects by their global ids, in the same order; null for each one that does not exist or that you
    cannot reach."""


@strawberry.type
class NodeQuery:
    node: Node | None = look_up(_node, found_by, directives=OPEN)
    nodes: list[Node | None] = look_ups(_nodes, found_by, directives=OPEN)
