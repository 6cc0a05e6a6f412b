"""Who may see a field, as part of the schema: every field is marked with a permission or as public."""

from collections.abc import Mapping
from typing import Any, Protocol

import strawberry
from sqlalchemy import ColumnElement, FromClause
from strawberry.schema_directive import Location

_PLACES = [Location.FIELD_DEFINITION, Location.OBJECT, Location.INTERFACE]


@strawberry.schema_directive(
    locations=_PLACES,
    description=(
        "Needs this permission in the account that the object belongs to. On a type it applies to every "
        "field without a directive of its own."
    ),
)
class Requires:
    permission: str


@strawberry.schema_directive(
    locations=_PLACES,
    description="Needs one of these permissions in the account. The arguments decide which one.",
)
class RequiresAny:
    permissions: list[str]


@strawberry.schema_directive(
    locations=_PLACES,
    description="Needs no permission of its own: it is as visible as the object that it belongs to.",
)
class Public:
    pass


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="Needs no token. A token that is not valid is ignored.",
)
class Anonymous:
    pass


@strawberry.schema_directive(
    locations=_PLACES,
    description="For the platform's staff. Everybody else gets NOT_FOUND.",
)
class StaffOnly:
    pass


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="A narrowed token may do this, too. All other changes that need no permission are refused to "
    "it with FORBIDDEN.",
)
class ForNarrowedTokens:
    pass


class Requirement(Protocol):
    """A permission as the engine sees it: a name, and a test whether a row grants it."""

    @property
    def name(self) -> str: ...

    def in_sql(self, rows: FromClause) -> ColumnElement[bool]:
        """Whether the row that is being read grants it."""

    def in_row(self, row: Mapping[str, Any]) -> bool:
        """Whether the row that was read grants it."""
