"""Far fields: fields whose rows are in tables that no statement may name beside ours.

These tables hold each tree's rows apart, so a far statement reads for the parents of one tree. A statement of
ours comes first: it finds the parents and decides what may be read. A far field's resolver is handed a
stand-in for the parents, with the three columns below, and names far tables alone. The fields of a far
entity, whose own rows are there, are read in the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Uuid, bindparam
from sqlalchemy.types import TypeEngine

TREE = "master_id"
"""The column that names a row's tree: of the parents, and the first in the key of each far entity."""

ROW = "id"
"""The column that names the parent in its tree."""

ITEM = "item_id"
"""The column that names one thing of the parent, for what looks it up."""

FAR_PARENT: Mapping[str, TypeEngine[Any]] = {TREE: Uuid(), ROW: Uuid(), ITEM: Uuid()}
"""What resolvers of far fields may read of the parents."""


@dataclass(frozen=True)
class FarParent:
    """The columns of a field's parent that become ROW and ITEM. TREE has the same name everywhere."""

    row: str = ROW
    item: str = ROW


LOOKED_UP = FarParent(ROW, ITEM)
"""Of what a look-up by an id finds."""

TREE_VALUE = "far_tree"
"""The parameter of a far statement, and of what opens the tree to it, that names the tree."""


def tree_value() -> BindParameter[Any]:
    """The tree that a far statement reads. PostgreSQL knows it when it plans, and leaves out all others."""
    return bindparam(TREE_VALUE, type_=Uuid(), required=True)
