"""What every root field answers to every kind of caller: a table written by hand from the documentation."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from authz.builtin_roles import BuiltinRole
from models.accounts import AccountStatus
from models.identifiers import Kind, present
from tests.authorization.matrix_callers import (
    ABOVE_KEYS,
    ABOVE_PEOPLE,
    ANONYMOUS,
    INSIDE,
    MANAGERS,
    MEMBERS,
    NOT_ACCEPTED,
    OUTSIDE,
    PEOPLE,
    PROGRAMS,
    Stage,
    once,
)
from tests.authorization.moments import hash_quickly, offer, open_session
from tests.authorization.outcomes import DONE
from tests.world import PASSWORD, Person

Values = dict[str, Any]
Prepare = Callable[[Stage], Awaitable[Values | None]]
Restore = Callable[[Stage, str], Awaitable[None]]


async def _nothing(stage: Stage, caller: str) -> None:
    """What was done stays: it disturbs nobody."""


@dataclass(frozen=True)
class Mutation:
    """A mutation: the permission it is marked with, its input, and what becomes of it for each caller.

    `prepare` makes what it needs and gives the input, `restore` undoes what it did. `changes`: when done, it
    changes the tree. `counted`: tries with the same input are limited.
    """

    permission: str | None
    expected: dict[str, str]
    prepare: Prepare
    restore: Restore = _nothing
    changes: bool = True
    counted: bool = False


def _table(*rows: tuple[Iterable[str], str]) -> dict[str, str]:
    """Outcomes by caller; every caller is named once. Tokens that are not accepted never get further."""
    found = dict.fromkeys(NOT_ACCEPTED, "401 UNAUTHENTICATED")
    for callers, outcome in rows:
        for caller in callers:
            if found.setdefault(caller, outcome) != outcome:
                raise ValueError(f"{caller} has two outcomes")
    return found


def _gated(permission: str, by: frozenset[str]) -> dict[str, str]:
    """Not found outside, forbidden inside, done by these."""
    return _table(
        (ANONYMOUS, "UNAUTHENTICATED"),
        (OUTSIDE, "NOT_FOUND"),
        (INSIDE - by, f"FORBIDDEN {permission}"),
        (by, DONE),
    )


ABOVE = ABOVE_PEOPLE | ABOVE_KEYS
ANYBODY = ANONYMOUS | PEOPLE | PROGRAMS


def _people_only(outcome: str) -> dict[str, str]:
    return _table((ANONYMOUS, "UNAUTHENTICATED"), (PEOPLE, outcome), (PROGRAMS, "PERSON_REQUIRED"))


async def _sign_up(stage: Stage) -> Values:
    return {"name": "Pia", "email": once(), "password": PASSWORD, "accountName": "Own"}


async def _sign_in(stage: Stage) -> Values:
    person = await stage.world.person()
    await hash_quickly(stage.world.database, person)
    return {"email": person.email, "password": PASSWORD}


async def _no_input(stage: Stage) -> None:
    return None


async def _session_again(stage: Stage, caller: str) -> None:
    member = stage.members.get(caller)
    person = stage.newcomer if member is None else member.person
    await open_session(stage.world.database, person, person.token)


async def _password_change(stage: Stage) -> Values:
    return {"currentPassword": "wrong", "newPassword": PASSWORD}


async def _subaccount_create(stage: Stage) -> Values:
    return {"parentId": stage.account.id, "name": "New", "idempotencyKey": once()}


async def _account_update(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "expectedVersion": await stage.version(), "name": once()}


async def _account(stage: Stage) -> Values:
    return {"accountId": stage.account.id}


async def _suspended_account(stage: Stage) -> Values:
    await stage.world.set_status(stage.account, AccountStatus.SUSPENDED)
    return {"accountId": stage.account.id}


async def _account_without_open_children(stage: Stage) -> Values:
    await stage.close_children()
    return {"accountId": stage.account.id}


async def _active_again(stage: Stage, caller: str) -> None:
    await stage.reopen()


async def _open_again(stage: Stage, caller: str) -> None:
    await stage.reopen()
    await stage.restore_owner()


async def _member_invite(stage: Stage) -> Values:
    analyst = present(Kind.ROLE, BuiltinRole.ANALYST.id)
    email = f"{once()}@example.com"
    return {"accountId": stage.account.id, "email": email, "roleId": analyst, "idempotencyKey": once()}


async def _invitation(stage: Stage) -> Values:
    inviter = stage.members["administrator"].person
    id_, _ = await offer(
        stage.world.database, stage.account, BuiltinRole.ANALYST, f"{once()}@example.com", inviter
    )
    return {"invitationId": id_}


async def _invitation_for_the_newcomer(stage: Stage) -> Values:
    await stage.withdraw_invitations()
    inviter, invited = stage.members["administrator"].person, stage.newcomer
    _, token = await offer(stage.world.database, stage.account, BuiltinRole.ANALYST, invited.email, inviter)
    return {"token": token}


async def _newcomer_leaves(stage: Stage, caller: str) -> None:
    await stage.remove(stage.newcomer)


async def _member_update(stage: Stage) -> Values:
    return {"memberId": (await stage.marketer()).id, "roleId": present(Kind.ROLE, BuiltinRole.ANALYST.id)}


async def _member_remove(stage: Stage) -> Values:
    return {"memberId": (await stage.marketer()).id}


async def _member_again(stage: Stage, caller: str) -> None:
    await stage.restore_member(caller)


async def _ownership_transfer(stage: Stage) -> Values:
    return {
        "accountId": stage.account.id,
        "toMemberId": (await stage.marketer()).id,
        "fromMemberId": stage.members["owner"].id,
    }


async def _owner_again(stage: Stage, caller: str) -> None:
    await stage.restore_owner()


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


DEVELOPERS = frozenset({"developer"})
OWNERS = frozenset({"owner"})

MUTATIONS = {
    # Whoever may sign up is told that the address is none: to hash so many passwords would take its time.
    "signUp": Mutation(None, _table((ANYBODY, "BAD_USER_INPUT")), _sign_up, counted=True),
    "signIn": Mutation(None, _table((ANYBODY, DONE)), _sign_in, changes=False),
    "signOut": Mutation(None, _people_only(DONE), _no_input, _session_again, changes=False),
    "passwordChange": Mutation(None, _people_only("SIGN_IN_REFUSED"), _password_change),
    "subaccountCreate": Mutation(
        "SUBACCOUNTS_WRITE", _gated("SUBACCOUNTS_WRITE", MANAGERS), _subaccount_create
    ),
    "accountUpdate": Mutation("ACCOUNT_WRITE", _gated("ACCOUNT_WRITE", MANAGERS), _account_update),
    # Nobody in an account suspends or resumes it: those above it do.
    "accountSuspend": Mutation("ACCOUNT_SUSPEND", _gated("ACCOUNT_SUSPEND", ABOVE), _account, _active_again),
    "accountResume": Mutation(
        "ACCOUNT_SUSPEND", _gated("ACCOUNT_SUSPEND", ABOVE), _suspended_account, _active_again
    ),
    "accountClose": Mutation(
        "ACCOUNT_CLOSE",
        _gated("ACCOUNT_CLOSE", OWNERS | ABOVE),
        _account_without_open_children,
        _open_again,
    ),
    "memberInvite": Mutation("MEMBERS_WRITE", _gated("MEMBERS_WRITE", MANAGERS), _member_invite),
    "invitationRevoke": Mutation("MEMBERS_WRITE", _gated("MEMBERS_WRITE", MANAGERS), _invitation),
    "invitationAccept": Mutation(
        None,
        _table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (PROGRAMS, "PERSON_REQUIRED"),
            (PEOPLE - {"newcomer"}, "WRONG_PERSON"),
            ({"newcomer"}, DONE),
        ),
        _invitation_for_the_newcomer,
        _newcomer_leaves,
    ),
    "memberUpdate": Mutation("MEMBERS_WRITE", _gated("MEMBERS_WRITE", MANAGERS), _member_update),
    "memberRemove": Mutation("MEMBERS_WRITE", _gated("MEMBERS_WRITE", MANAGERS), _member_remove),
    "memberLeave": Mutation(
        None,
        _table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (PROGRAMS, "PERSON_REQUIRED"),
            (PEOPLE - MEMBERS, "NOT_FOUND"),
            (OWNERS, "LAST_OWNER"),
            (MEMBERS - OWNERS, DONE),
        ),
        _account,
        _member_again,
    ),
    "ownershipTransfer": Mutation(
        "ACCOUNT_TRANSFER", _gated("ACCOUNT_TRANSFER", OWNERS | ABOVE), _ownership_transfer, _owner_again
    ),
    "apiKeyCreate": Mutation(
        "API_KEYS_WRITE", _gated("API_KEYS_WRITE", MANAGERS | DEVELOPERS), _api_key_create
    ),
    "apiKeyUpdate": Mutation(
        "API_KEYS_WRITE", _gated("API_KEYS_WRITE", MANAGERS | DEVELOPERS), _api_key_update
    ),
    "apiKeyAdopt": Mutation(
        "API_KEYS_WRITE",
        _table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - MANAGERS - DEVELOPERS, "FORBIDDEN API_KEYS_WRITE"),
            (MANAGERS & PROGRAMS, "PERSON_REQUIRED"),
            ((MANAGERS | DEVELOPERS) & PEOPLE, DONE),
        ),
        _api_key,
    ),
    "apiKeyRevoke": Mutation("API_KEYS_WRITE", _gated("API_KEYS_WRITE", MANAGERS | DEVELOPERS), _api_key),
    "apiKeyRotate": Mutation("API_KEYS_WRITE", _gated("API_KEYS_WRITE", MANAGERS | DEVELOPERS), _api_key),
    "roleCreate": Mutation("ROLES_WRITE", _gated("ROLES_WRITE", MANAGERS), _role_create),
    "roleUpdate": Mutation("ROLES_WRITE", _gated("ROLES_WRITE", MANAGERS), _role_update),
    "roleDelete": Mutation("ROLES_WRITE", _gated("ROLES_WRITE", MANAGERS), _role_delete),
}


@dataclass(frozen=True)
class Query:
    """A root query: the permission it is marked with, its selection, its arguments, its outcomes."""

    permission: str | None
    expected: dict[str, str]
    selection: str
    prepare: Prepare = _no_input


async def _account_id(stage: Stage) -> Values:
    return {"id": stage.account.id}


async def _account_ids(stage: Stage) -> Values:
    return {"ids": [stage.account.id]}


async def _token(stage: Stage) -> Values:
    person: Person = await stage.world.person()
    inviter = stage.members["administrator"].person
    _, token = await offer(stage.world.database, stage.account, BuiltinRole.ANALYST, person.email, inviter)
    return {"token": token}


QUERIES = {
    "viewer": Query(None, _table((ANONYMOUS, "UNAUTHENTICATED"), (PEOPLE | PROGRAMS, DONE)), "{ id }"),
    "account": Query(
        "ACCOUNT_READ",
        _table((ANONYMOUS, "UNAUTHENTICATED"), (OUTSIDE, "NOT_FOUND"), (INSIDE, DONE)),
        "{ id name }",
        _account_id,
    ),
    "node": Query(None, _table((ANONYMOUS | OUTSIDE, "null"), (INSIDE, DONE)), "{ id }", _account_id),
    # A list of one null for those who may not, see `test_nodes_answers_as_node_does`.
    "nodes": Query(None, _table((ANYBODY, DONE)), "{ id }", _account_ids),
    # The secret of the link is what lets its holder see what it offers.
    "invitation": Query(None, _table((ANYBODY, DONE)), "{ accountName }", _token),
}
