"""What tests of reviews ask for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from resolvers.review.policy import ReviewPolicy
from server.settings.settings import Settings
from server.start.app import create_app
from tests.client.api import Api, Caller
from tests.client.mutations import done
from tests.world.world import Account

REQUESTED = "review { id status contacts reason decidedAt account { id } }"
DECIDED = "review { id status reason checkedByName approvedByName endedByName }"
_SHOWN = """query ($id: ID!) { account(id: $id) {
  review { id status reason decidedAt } reviewApproved
} }"""
_WAITING = """{ staff { reviews(first: 100) { nodes {
  id accountId accountName contacts checkedByName
  sample { firstLetter emailDomain phoneCode attributes source addedAt }
} } } }"""


@asynccontextmanager
async def reviewing_api(settings: Settings, database_url: str) -> AsyncIterator[Api]:
    """The application where accounts send only once they are approved."""
    app = create_app(settings.model_copy(update={"review": ReviewPolicy.REQUIRED}), database_url)
    async with Api.of(app) as api, app.router.lifespan_context(app):
        yield api


async def shown(api: Api, caller: Caller, account: Account) -> tuple[str | None, bool]:
    """The status of the account's last review, and whether it may send."""
    found = (await api.read(_SHOWN, caller, id=account.id))["account"]
    return found["review"] and found["review"]["status"], found["reviewApproved"]


async def request(api: Api, caller: Caller, account: Account) -> str:
    """The id of a review that is requested."""
    made = await done(api, "reviewRequest", caller, REQUESTED, accountId=account.id)
    return str(made["review"]["id"])


async def waiting(api: Api, caller: Caller, account: Account) -> list[dict[str, Any]]:
    """What staff see of the account's open reviews."""
    found = (await api.read(_WAITING, caller))["staff"]["reviews"]["nodes"]
    return [node for node in found if node["accountId"] == account.id]
