"""The rows of the matrix for narrowed tokens."""

from models.base.ids import Kind
from tests.areas.narrowed_tokens.giving import give_token
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, MANAGERS, OUTSIDE, Stage
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, Values, lasting, table

DEVELOPERS = frozenset({"developer"})


async def _token_narrow(stage: Stage) -> Values:
    bounds = {"permissions": ["ACCOUNT_READ"], "expiresInMinutes": 5, "audience": "Widget"}
    return {"accountIds": [stage.account.id], **bounds}


async def _token(stage: Stage) -> str:
    return (await give_token(stage.world, await stage.key(), stage.account)).id


async def _token_revoke(stage: Stage) -> Values:
    return {"narrowedTokenId": await _token(stage)}


MUTATIONS = {
    "tokenNarrow": Mutation(
        None,
        table((ANONYMOUS, "UNAUTHENTICATED"), (OUTSIDE, "NOT_FOUND"), (INSIDE, DONE)),
        _token_narrow,
    ),
    # The token of another key of the account: those who manage the keys revoke it.
    "tokenRevoke": Mutation(
        None, lasting("API_KEYS_WRITE", MANAGERS | DEVELOPERS), _token_revoke, changes=True
    ),
}


NODES = {
    Kind.NARROWED_TOKEN: NodeOf(_token, MANAGERS | DEVELOPERS),
}
