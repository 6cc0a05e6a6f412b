"""The rows of the matrix for API keys and roles."""

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
from tests.authz.matrix.matrix_rows import Mutation, Values, lasting, outlived, table

DEVELOPERS = frozenset({"developer"})


async def _api_key_create(stage: Stage) -> Values:
    developer = present(Kind.ROLE, BuiltinRole.DEVELOPER.id)
    return {"accountId": stage.account.id, "name": "Robot", "roleId": developer}


async def _api_key(stage: Stage) -> Values:
    return {"apiKeyId": (await stage.key()).id}


async def _api_key_update(stage: Stage) -> Values:
    return {"apiKeyId": (await stage.key()).id, "expectedVersion": 1, "name": once()}


async def _role_create(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "name": once(), "permissions": ["ACCOUNT_READ"]}


async def _role_update(stage: Stage) -> Values:
    return {"roleId": (await stage.role()).id, "expectedVersion": 1, "name": once()}


async def _role_delete(stage: Stage) -> Values:
    return {"roleId": (await stage.role()).id}


KEY_MUTATIONS = {
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
    "roleCreate": Mutation("ROLES_WRITE", lasting("ROLES_WRITE", MANAGERS), _role_create),
    "roleUpdate": Mutation("ROLES_WRITE", lasting("ROLES_WRITE", MANAGERS), _role_update),
    "roleDelete": Mutation("ROLES_WRITE", lasting("ROLES_WRITE", MANAGERS), _role_delete),
}
