"""The rows of the matrix for API keys."""

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import (
    ANONYMOUS,
    INSIDE,
    LASTING_MANAGERS,
    MANAGERS,
    OUTSIDE,
    PEOPLE,
    PROGRAMS,
    Stage,
    once,
)
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, Values, lasting, outlived, table

DEVELOPERS = frozenset({"developer"})


async def _api_key_create(stage: Stage) -> Values:
    developer = present(Kind.ROLE, BuiltinRole.DEVELOPER.id)
    return {"accountId": stage.account.id, "name": "Robot", "roleId": developer}


async def _api_key(stage: Stage) -> Values:
    return {"apiKeyId": (await stage.key()).id}


async def _api_key_update(stage: Stage) -> Values:
    return {"apiKeyId": (await stage.key()).id, "expectedVersion": 1, "name": once()}


MUTATIONS = {
    "apiKeyCreate": Mutation(
        "API_KEYS_WRITE", lasting("API_KEYS_WRITE", MANAGERS | DEVELOPERS), _api_key_create
    ),
    "apiKeyUpdate": Mutation(
        "API_KEYS_WRITE", lasting("API_KEYS_WRITE", MANAGERS | DEVELOPERS), _api_key_update
    ),
    "apiKeyAdopt": Mutation(
        "API_KEYS_WRITE",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - MANAGERS - DEVELOPERS, "FORBIDDEN API_KEYS_WRITE"),
            *outlived(MANAGERS),
            (LASTING_MANAGERS & PROGRAMS, "PERSON_REQUIRED"),
            ((LASTING_MANAGERS | DEVELOPERS) & PEOPLE, DONE),
        ),
        _api_key,
    ),
    "apiKeyRevoke": Mutation("API_KEYS_WRITE", lasting("API_KEYS_WRITE", MANAGERS | DEVELOPERS), _api_key),
    "apiKeyRotate": Mutation("API_KEYS_WRITE", lasting("API_KEYS_WRITE", MANAGERS | DEVELOPERS), _api_key),
}


ACCOUNT_FIELDS = {
    "apiKeys": ("API_KEYS_READ", MANAGERS | {"developer"}),
    "ghosts": ("API_KEYS_READ", MANAGERS | {"developer"}),
}


async def _key(stage: Stage) -> str:
    return (await stage.key()).id


NODES = {
    Kind.API_KEY: NodeOf(_key, MANAGERS | {"developer"}),
}
