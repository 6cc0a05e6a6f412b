"""Relay's types: a page of a list, its edges, and where the page stands."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import strawberry

from engine.base.marks import Public

T = TypeVar("T")


@strawberry.type(directives=[Public()], description="The position of a page in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether the list continues after the page.")
    has_previous_page: bool = strawberry.field(description="Whether the list has items before the page.")
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first item; null for an empty page."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last item; null for an empty page."
    )


@strawberry.type(directives=[Public()], description="An item of a list and its cursor.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Where the item stands; opaque, for `after` and `before`.")
    node: T = strawberry.field(description="The item.")


@strawberry.type(directives=[Public()], description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The page's items with their cursors.")
    nodes: list[T] = strawberry.field(description="The page's items.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="How many items the whole list has; counted only when asked for.")
    async def total_count(self) -> int:
        return await self.count()
