"""Who is shown the access reviews of a case's accounts, by list and by id."""

from collections.abc import Mapping
from typing import Any

from tests.authz.cases.case_files import ReviewCase
from tests.authz.escalation.scenes import Scene
from tests.client.api import Api

_LIST = """query ($id: ID!) { account(id: $id) { accessReviews(first: 1) {
  nodes { id isOpen waitingCount items(first: 100) { nodes { id } } } } } }"""
_NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"


async def check_reviews(api: Api, scene: Scene, expected: Mapping[str, ReviewCase]) -> None:
    """The newest of each account is shown to those named, whole, and nothing of it to anybody else."""
    for account in scene.accounts:
        review = expected.get(account)
        shown: dict[str, Any] = {name: await _newest(api, scene, name, account) for name in scene.callers}
        found = {name: one for name, one in shown.items() if one is not None}
        assert found.keys() == (set() if review is None else review.shown_to), account
        if review is None:
            assert await scene.newest_review(account) == ""
            continue
        for name, one in found.items():
            assert one["id"] == await scene.newest_review(account), (name, account)
            waiting = one["waitingCount"] if one["isOpen"] else None
            assert waiting == review.waiting, (name, account)
        await _check_nodes(api, scene, next(iter(found.values())), review.shown_to)


async def _newest(api: Api, scene: Scene, name: str, account: str) -> Any:
    answer = await api.ask(_LIST, scene.callers[name], id=scene.accounts[account].id)
    reviews = ((answer.data or {}).get("account") or {}).get("accessReviews")
    return next(iter(reviews["nodes"]), None) if reviews else None


async def _check_nodes(api: Api, scene: Scene, review: Any, shown_to: frozenset[str]) -> None:
    """By their ids the same is shown to the same."""
    ids = [review["id"], *(item["id"] for item in review["items"]["nodes"])]
    for name, caller in scene.callers.items():
        answer = await api.ask(_NODES, caller, ids=ids)
        found = [node and node["id"] for node in (answer.data or {"nodes": [None] * len(ids)})["nodes"]]
        assert found == (ids if name in shown_to else [None] * len(ids)), name
