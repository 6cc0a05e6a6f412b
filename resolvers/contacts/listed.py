"""A list whose contacts are read, and in which order they are best looked at where an attribute filters them
too."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Uuid, func, literal_column, select, union_all

from engine.declare.paging import Window
from models.accounts.trees import in_tree
from models.contacts.tables import contact_list_members, contact_values
from resolvers.contacts.filters import ContactFilter

_FAR = 50
"""So many rows from the page's begin it is seen which of two indexes has fewer for the same contacts."""

_END = {
    goes_down: literal_column(f"'{uuid.UUID(int=end)}'::uuid", Uuid)
    for goes_down, end in ((True, 0), (False, 2**128 - 1))
}
"""What no id lies behind, for pages that go down and up."""


@dataclass(frozen=True)
class Listed:
    """`parent`: the row that names the tree. `account_id`, `list_id`: the list's account and its id."""

    parent: FromClause
    account_id: ColumnElement[Any]
    list_id: ColumnElement[Any]

    def has(self, member: FromClause) -> ColumnElement[bool]:
        """Whether a row of contact_list_members is of the list."""
        return self._is_here(member) & (member.c.contact_list_id == self.list_id)

    def or_values(self, wanted: ContactFilter, page: Window) -> FromClause:
        """The list's contacts, or all that have the wanted value, whichever are fewer near the page: in its
        order, by `account_id` and `contact_id`.

        PostgreSQL cannot tell which are fewer: that depends on the list and on the value. So the statement
        looks how far the same number of rows reaches in each index.
        """
        member, value = contact_list_members.alias(), contact_values.alias()
        sides = (member, self.has(member)), (value, self._is_here(value) & wanted.of_value(value))
        far_members, far_values = (self._far(rows, condition, page) for rows, condition in sides)
        is_chosen = far_members <= far_values if _goes_down(page) else far_members >= far_values
        arms = [
            page.apply(self._of(rows, condition & is_side), [rows.c.contact_id]).limit(None)
            for (rows, condition), is_side in zip(sides, (is_chosen, ~is_chosen), strict=True)
        ]
        return union_all(*[arm.correlate(self.parent).subquery().select() for arm in arms]).lateral()

    def _is_here(self, rows: FromClause) -> ColumnElement[bool]:
        return in_tree(rows, self.parent) & (rows.c.account_id == self.account_id)

    def _of(self, rows: FromClause, condition: ColumnElement[bool]) -> Select[Any]:
        return select(rows.c.account_id, rows.c.contact_id).where(condition)

    def _far(self, rows: FromClause, condition: ColumnElement[bool], page: Window) -> ColumnElement[Any]:
        ordered = page.apply(select(rows.c.contact_id).where(condition), [rows.c.contact_id])
        reached = ordered.limit(literal_column("1")).offset(literal_column(str(_FAR)))
        return func.coalesce(reached.correlate(self.parent).scalar_subquery(), _END[_goes_down(page)])


def _goes_down(page: Window) -> bool:
    return page.order.descending != page.backward
