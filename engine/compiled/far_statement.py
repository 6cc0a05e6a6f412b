"""The far statement of an answer while it is put together: what it gives for the parents of one tree.

It opens the tree first, and reads nothing before. Each far field is an array of JSON texts, one for each of
the field's parents. Equal fields, wherever the document has them, are one.
"""

from collections.abc import Hashable

from sqlalchemy import ARRAY, ColumnElement, bindparam, select

from engine.compiled.far_answers import FarPlan, parent_names
from engine.compiled.row_scope import Rows, RowScope
from engine.compiled.statement_text import StatementText
from engine.declare.far import FAR_PARENT, ITEM, ROW, TREE, tree_value

_NUMBER = "number__"
_GIVEN = "parents$"
"""What stands for a field's parents until the field has a number."""
_COLUMNS = f"{ROW}, {ITEM}, {_NUMBER}"
_PARENTS = f"(SELECT {_COLUMNS} FROM unnest({_GIVEN}) WITH ORDINALITY AS w({_COLUMNS}))"


class FarStatement:
    """`gate`: what opens the tree; its parameter is `engine.declare.far.TREE_VALUE`."""

    def __init__(self, variant: Hashable, gate: ColumnElement[bool]) -> None:
        self.text = StatementText(variant)
        self._gate = gate
        self._fields: dict[str, int] = {}

    @property
    def is_needed(self) -> bool:
        """Whether there is a far field."""
        return bool(self._fields)

    def parents(self) -> RowScope:
        """The parents of a far field, and with them all rows below: they are of the tree that the parameter
        names."""
        tree = {TREE: self.text.typed(tree_value())}
        return RowScope(Rows("r0", 0, lambda _: _PARENTS, self.text.shared, tree))

    def add(self, value: str, parents: RowScope) -> int:
        """The number of the field with this value over its parents."""
        texts = parents.each(f"convert_to({value}, 'UTF8')")
        text = f"ARRAY({texts} ORDER BY {parents.rows.column(_NUMBER)})"
        return self._fields.setdefault(text, len(self._fields))

    def finished(self) -> FarPlan | None:
        """None: the answer has no far field."""
        if not self._fields:
            return None
        door = self.text.cte(select(self._gate.label("is_open")).cte("door"))
        arrays = " || ".join(self._with_parents(text, number) for text, number in self._fields.items())
        statement = self.text.finished(f"SELECT CASE WHEN {door}.is_open THEN {arrays} END FROM {door}")
        return FarPlan(statement, len(self._fields))

    def _with_parents(self, text: str, number: int) -> str:
        types = (FAR_PARENT[ROW], FAR_PARENT[ITEM])
        given = [
            self.text.typed(bindparam(name, type_=ARRAY(type_), required=True))
            for name, type_ in zip(parent_names(number), types, strict=True)
        ]
        return text.replace(_GIVEN, ", ".join(given))
