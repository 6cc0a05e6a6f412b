"""Walking through a list page by page, forward and backward."""

from dataclasses import dataclass
from typing import Any

from tests.client.api import Api, Caller
from tests.engine.paths import Path

_PAGE = "(first: $first, after: $after, last: $last, before: $before"
_QUERY = """
query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
  account(id: $id) { __typename }
  %s { list: %s%s) {
    totalCount
    edges { cursor node { id } }
    nodes { id }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }
}
"""


@dataclass(frozen=True)
class Page:
    """A page as a client sees it."""

    ids: list[str]
    cursors: list[str]
    has_next: bool
    has_previous: bool
    total: int


@dataclass(frozen=True)
class Listing:
    """A list of an account or, with `of_viewer`, of the viewer."""

    field: str
    arguments: str = ""
    of_viewer: bool = False

    @property
    def query(self) -> str:
        """It asks for one page of the list, and of the account itself that it is there."""
        parent = "viewer" if self.of_viewer else "parent: account(id: $id)"
        return _QUERY % (parent, self.field, _PAGE + self.arguments)


@dataclass(frozen=True)
class Reading:
    """Whose list is read, where, and by which executor."""

    api: Api
    caller: Caller
    account_id: str
    path: Path

    async def page(self, listing: Listing, **arguments: Any) -> Page:
        """One page, after checking that its parts agree with each other."""
        data = await self.api.read(self.path.of(listing.query), self.caller, id=self.account_id, **arguments)
        found = data["viewer" if listing.of_viewer else "parent"]["list"]
        cursors = [edge["cursor"] for edge in found["edges"]]
        ids = [edge["node"]["id"] for edge in found["edges"]]
        info = found["pageInfo"]
        assert [node["id"] for node in found["nodes"]] == ids
        assert (info["startCursor"], info["endCursor"]) == (
            (cursors[0], cursors[-1]) if cursors else (None, None)
        )
        return Page(ids, cursors, info["hasNextPage"], info["hasPreviousPage"], found["totalCount"])

    async def forward(self, listing: Listing, size: int) -> list[Page]:
        """All pages from the first on."""
        pages = [await self.page(listing, first=size)]
        while pages[-1].has_next:
            pages.append(await self.page(listing, first=size, after=pages[-1].cursors[-1]))
            assert pages[-1].has_previous
        assert not pages[0].has_previous
        return pages

    async def backward(self, listing: Listing, size: int) -> list[Page]:
        """All pages from the last one back, in the list's order."""
        pages = [await self.page(listing, last=size)]
        while pages[0].has_previous:
            pages.insert(0, await self.page(listing, last=size, before=pages[0].cursors[0]))
            assert pages[0].has_next
        assert not pages[-1].has_next
        return pages
