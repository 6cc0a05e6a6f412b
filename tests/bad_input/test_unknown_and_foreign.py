"""What does not exist and what is somebody else's answer alike (N20): the same text, the same statements."""

import copy
import uuid
from typing import Any

import pytest

from models.base.ids import Kind, present
from tests.bad_input.inputs import FOR_ALL_ACCOUNTS, ID_FIELDS, inputs, unknown_id
from tests.bad_input.place import Place, make_place
from tests.bad_input.test_ids import MUTATIONS
from tests.client.api import Answer, Api
from tests.client.mutations import attempt
from tests.engine.paths import Path
from tests.engine.statements import statements
from tests.world.shares import give_share
from tests.world.world import World

QUERIES = {
    "account": "query ($id: ID!) { found: account(id: $id) { id name members { totalCount } } }",
    "node": "query ($id: ID!) { found: node(id: $id) { __typename id } }",
    "two nodes": "query ($id: ID!) { viewer { id } found: nodes(ids: [$id, $id]) { __typename id } }",
}


def _told(answer: Answer) -> Any:
    """All of an answer but the request's id."""
    errors = copy.deepcopy(answer.errors)
    for error in errors:
        error["extensions"].pop("requestId")
    return answer.status, answer.data, errors


@pytest.mark.parametrize("mutation", sorted(MUTATIONS.keys() - FOR_ALL_ACCOUNTS))
async def test_a_change_of_what_is_not_there_and_of_what_is_not_yours(
    api: Api, place: Place, foreign: Place, mutation: str
) -> None:
    for field in MUTATIONS[mutation]:
        kind = ID_FIELDS[field]
        seen = []
        # The first time the process does not know the caller and its trees.
        for id_ in (unknown_id(kind), unknown_id(kind), foreign.id_of(kind)):
            with statements() as sent:
                wrong = inputs(place)[mutation] | {field: id_}
                if (mutation, field) == ("sendReserve", "contactListId"):
                    wrong |= {"recipientListId": None}
                refused = await attempt(api, mutation, place.caller(mutation), **wrong)
            assert (refused.code, refused.named) == ("NOT_FOUND", field)
            seen.append((_told(refused.answer), sent))
        _, unknown, others = seen
        assert unknown == others


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("query", QUERIES)
async def test_a_query_of_what_is_not_there_and_of_what_is_not_yours(
    api: Api, place: Place, foreign: Place, query: str, path: Path
) -> None:
    kinds = [Kind.ACCOUNT] if query == "account" else list(foreign.ids())
    for kind in kinds:
        seen = []
        for id_ in (unknown_id(kind), foreign.ids()[kind]):
            with statements() as sent:
                answer = await api.ask(path.of(QUERIES[query]), place.above, id=id_)
            assert answer.data["found"] in (None, [None, None])
            seen.append((_told(answer), sent))
        unknown, others = seen
        assert unknown == others


async def test_what_was_removed_is_like_what_never_was(api: Api, world: World) -> None:
    """A former member learns nothing more about the account than anybody else."""
    place = await make_place(api, world)
    await attempt(api, "memberRemove", place.above, memberId=place.member.id)
    query = QUERIES["account"]
    former = await api.ask(query, place.member, id=place.account.id)
    unknown = await api.ask(query, place.member, id=present(Kind.ACCOUNT, uuid.uuid4()))
    assert _told(former) == _told(unknown)
    removed = await attempt(api, "memberRemove", place.above, memberId=place.member.id)
    never = await attempt(api, "memberRemove", place.above, memberId=present(Kind.MEMBER, uuid.uuid4()))
    assert _told(removed.answer) == _told(never.answer)


async def test_a_share_is_not_given_away_by_the_account_that_it_opens(
    api: Api, world: World, place: Place
) -> None:
    """Where an update names that account too, and the caller reaches neither."""
    beside = await world.account(place.master)
    share = await give_share(world, [beside], await world.person(), place.above.person)
    seen = [
        await attempt(api, "shareUpdate", place.owner, shareId=id_, accountIds=[beside.id], expectedVersion=1)
        for id_ in (share.id, present(Kind.SHARE, uuid.uuid4()))
    ]
    assert [refused.named for refused in seen] == ["shareId", "shareId"]
    assert _told(seen[0].answer) == _told(seen[1].answer)
