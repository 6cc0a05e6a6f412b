"""The rows of the matrix for block lists."""

from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, MANAGERS, OUTSIDE, Stage, once
from tests.authz.matrix.matrix_rows import Mutation, Query, Values, gated, table
from tests.world.block_list import give_entries

_READERS = MANAGERS
"""They hold BLOCK_LIST_READ in the account."""


async def _add(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "addresses": [f"{once()}@example.com"]}


async def _remove(stage: Stage) -> Values:
    address = f"{once()}@example.com"
    await give_entries(stage.world, stage.account, [address])
    return {"accountId": stage.account.id, "entries": [address]}


async def _list(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "includeInherited": True}


MUTATIONS = {
    "blockListAdd": Mutation("BLOCK_LIST_WRITE", gated("BLOCK_LIST_WRITE", MANAGERS), _add),
    "blockListRemove": Mutation("BLOCK_LIST_WRITE", gated("BLOCK_LIST_WRITE", MANAGERS), _remove),
}

QUERIES = {
    "blockList": Query(
        "BLOCK_LIST_READ",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - _READERS, "FORBIDDEN BLOCK_LIST_READ"),
            (_READERS, DONE),
        ),
        "{ nodes { id } }",
        _list,
    )
}
