"""What every root field answers to every kind of caller: a table written by hand from the documentation."""

from authz.builtin_roles import BuiltinRole
from models.accounts import AccountStatus
from models.identifiers import Kind, present
from tests.authorization.matrix_budgets import BUDGET_MUTATIONS
from tests.authorization.matrix_callers import (
    ANONYMOUS,
    INSIDE,
    MANAGERS,
    MEMBERS,
    OUTSIDE,
    PEOPLE,
    PROGRAMS,
    Stage,
    once,
)
from tests.authorization.matrix_credit import CREDIT_MUTATIONS, CREDIT_READERS
from tests.authorization.matrix_links import LINK_MUTATIONS
from tests.authorization.matrix_plans import PLAN_MUTATIONS, PLAN_READERS, STATISTICS_READERS
from tests.authorization.matrix_rows import (
    ABOVE,
    ANYBODY,
    Mutation,
    Query,
    Values,
    gated,
    no_input,
    people_only,
    table,
)
from tests.authorization.matrix_sends import SEND_MUTATIONS, SEND_QUERIES
from tests.authorization.matrix_shares import SHARE_MUTATIONS, share_token
from tests.authorization.matrix_staff import REQUESTS, STAFF_MUTATIONS, STAFF_QUERIES
from tests.authorization.moments import hash_quickly, offer, open_session
from tests.authorization.outcomes import DONE
from tests.world import PASSWORD, Member, Person


async def _sign_up(stage: Stage) -> Values:
    return {"name": "Pia", "email": once(), "password": PASSWORD, "accountName": "Own"}


async def _sign_in(stage: Stage) -> Values:
    person = await stage.world.person()
    await hash_quickly(stage.world.database, person)
    return {"email": person.email, "password": PASSWORD}


async def _session_again(stage: Stage, caller: str) -> None:
    asker = stage.callers[caller]
    person = asker.person if isinstance(asker, Member) else asker
    assert isinstance(person, Person)
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
    "signUp": Mutation(None, table((ANYBODY, "BAD_USER_INPUT")), _sign_up, counted=True),
    "signIn": Mutation(None, table((ANYBODY, DONE)), _sign_in, changes=False),
    "signOut": Mutation(None, people_only(DONE), no_input, _session_again, changes=False),
    "passwordChange": Mutation(None, people_only("SIGN_IN_REFUSED"), _password_change),
    "subaccountCreate": Mutation(
        "SUBACCOUNTS_WRITE", gated("SUBACCOUNTS_WRITE", MANAGERS), _subaccount_create
    ),
    "accountUpdate": Mutation("ACCOUNT_WRITE", gated("ACCOUNT_WRITE", MANAGERS), _account_update),
    # Nobody in an account suspends or resumes it: those above it do.
    "accountSuspend": Mutation("ACCOUNT_SUSPEND", gated("ACCOUNT_SUSPEND", ABOVE), _account, _active_again),
    "accountResume": Mutation(
        "ACCOUNT_SUSPEND", gated("ACCOUNT_SUSPEND", ABOVE), _suspended_account, _active_again
    ),
    "accountClose": Mutation(
        "ACCOUNT_CLOSE",
        gated("ACCOUNT_CLOSE", OWNERS | ABOVE),
        _account_without_open_children,
        _open_again,
    ),
    "memberInvite": Mutation("MEMBERS_WRITE", gated("MEMBERS_WRITE", MANAGERS), _member_invite),
    "invitationRevoke": Mutation("MEMBERS_WRITE", gated("MEMBERS_WRITE", MANAGERS), _invitation),
    "invitationAccept": Mutation(
        None,
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (PROGRAMS, "PERSON_REQUIRED"),
            (PEOPLE - {"newcomer"}, "WRONG_PERSON"),
            ({"newcomer"}, DONE),
        ),
        _invitation_for_the_newcomer,
        _newcomer_leaves,
    ),
    "memberUpdate": Mutation("MEMBERS_WRITE", gated("MEMBERS_WRITE", MANAGERS), _member_update),
    "memberRemove": Mutation("MEMBERS_WRITE", gated("MEMBERS_WRITE", MANAGERS), _member_remove),
    "memberLeave": Mutation(
        None,
        table(
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
        "ACCOUNT_TRANSFER", gated("ACCOUNT_TRANSFER", OWNERS | ABOVE), _ownership_transfer, _owner_again
    ),
    **SHARE_MUTATIONS,
    **LINK_MUTATIONS,
    **CREDIT_MUTATIONS,
    **PLAN_MUTATIONS,
    **SEND_MUTATIONS,
    **BUDGET_MUTATIONS,
    "apiKeyCreate": Mutation(
        "API_KEYS_WRITE", gated("API_KEYS_WRITE", MANAGERS | DEVELOPERS), _api_key_create
    ),
    "apiKeyUpdate": Mutation(
        "API_KEYS_WRITE", gated("API_KEYS_WRITE", MANAGERS | DEVELOPERS), _api_key_update
    ),
    "apiKeyAdopt": Mutation(
        "API_KEYS_WRITE",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - MANAGERS - DEVELOPERS, "FORBIDDEN API_KEYS_WRITE"),
            (MANAGERS & PROGRAMS, "PERSON_REQUIRED"),
            ((MANAGERS | DEVELOPERS) & PEOPLE, DONE),
        ),
        _api_key,
    ),
    "apiKeyRevoke": Mutation("API_KEYS_WRITE", gated("API_KEYS_WRITE", MANAGERS | DEVELOPERS), _api_key),
    "apiKeyRotate": Mutation("API_KEYS_WRITE", gated("API_KEYS_WRITE", MANAGERS | DEVELOPERS), _api_key),
    "roleCreate": Mutation("ROLES_WRITE", gated("ROLES_WRITE", MANAGERS), _role_create),
    "roleUpdate": Mutation("ROLES_WRITE", gated("ROLES_WRITE", MANAGERS), _role_update),
    "roleDelete": Mutation("ROLES_WRITE", gated("ROLES_WRITE", MANAGERS), _role_delete),
    **STAFF_MUTATIONS,
    **REQUESTS,
}


async def _account_id(stage: Stage) -> Values:
    return {"id": stage.account.id}


async def _account_ids(stage: Stage) -> Values:
    return {"ids": [stage.account.id]}


async def _own_access(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "permission": "ACCOUNT_READ"}


async def _token(stage: Stage) -> Values:
    person: Person = await stage.world.person()
    inviter = stage.members["administrator"].person
    _, token = await offer(stage.world.database, stage.account, BuiltinRole.ANALYST, person.email, inviter)
    return {"token": token}


QUERIES = {
    "viewer": Query(None, table((ANONYMOUS, "UNAUTHENTICATED"), (PEOPLE | PROGRAMS, DONE)), "{ id }"),
    "account": Query(
        "ACCOUNT_READ",
        table((ANONYMOUS, "UNAUTHENTICATED"), (OUTSIDE, "NOT_FOUND"), (INSIDE, DONE)),
        "{ id name }",
        _account_id,
    ),
    "node": Query(None, table((ANONYMOUS | OUTSIDE, "null"), (INSIDE, DONE)), "{ id }", _account_id),
    # A list of one null for those who may not, see `test_nodes_answers_as_node_does`.
    "nodes": Query(None, table((ANYBODY, DONE)), "{ id }", _account_ids),
    # The secret of the link is what lets its holder see what it offers.
    "invitation": Query(None, table((ANYBODY, DONE)), "{ accountName }", _token),
    "share": Query(None, table((ANYBODY, DONE)), "{ accountNames }", share_token),
    **STAFF_QUERIES,
    # About oneself; who may ask about others is in `tests/explanation`.
    "explainAccess": Query(
        "ACCOUNT_READ",
        table((ANONYMOUS, "UNAUTHENTICATED"), (OUTSIDE, "NOT_FOUND"), (INSIDE, DONE)),
        "{ decision }",
        _own_access,
    ),
    **SEND_QUERIES,
}

ACCOUNT_FIELDS = {
    "subaccounts": ("SUBACCOUNTS_READ", MANAGERS),
    "members": ("MEMBERS_READ", MANAGERS),
    "roles": ("ROLES_READ", MANAGERS),
    "invitations": ("MEMBERS_READ", MANAGERS),
    "apiKeys": ("API_KEYS_READ", MANAGERS | {"developer"}),
    "ghosts": ("API_KEYS_READ", MANAGERS | {"developer"}),
    "events": ("AUDIT_READ", MANAGERS),
    "shares": ("MEMBERS_READ", MANAGERS),
    "breakGlassOpenings": ("AUDIT_READ", MANAGERS),
    "apiKeyCreation": ("SETTINGS_READ", MANAGERS),
    "rightsInheritance": ("SETTINGS_READ", MANAGERS),
    "overrides": ("SETTINGS_READ", MANAGERS),
    "unsubscribeScope": ("SETTINGS_READ", MANAGERS),
    "sendingDomainLimit": ("SETTINGS_READ", MANAGERS),
    "fieldFunctions": ("SETTINGS_READ", MANAGERS),
    "reviewApproved": ("SETTINGS_READ", MANAGERS),
    "subaccountsRequests": ("SUBACCOUNTS_READ", MANAGERS),
    "credit": ("CREDIT_READ", CREDIT_READERS),
    "creditAt": ("CREDIT_READ", CREDIT_READERS),
    "ledgerEntries": ("CREDIT_READ", CREDIT_READERS),
    "ledgerProof": ("CREDIT_READ", CREDIT_READERS),
    "paymentMethods": ("CREDIT_READ", CREDIT_READERS),
    "topUps": ("CREDIT_READ", CREDIT_READERS),
    "topUpRule": ("CREDIT_READ", CREDIT_READERS),
    "subscription": ("PLAN_READ", PLAN_READERS),
    "plans": ("PLAN_READ", PLAN_READERS),
    "usage": ("STATISTICS_READ", STATISTICS_READERS),
    "usageHistory": ("STATISTICS_READ", STATISTICS_READERS),
    "nextOwnPlan": ("PLAN_READ", PLAN_READERS),
    "sendBudget": ("PLAN_READ", PLAN_READERS),
    "creditBudget": ("CREDIT_READ", CREDIT_READERS),
}
"""The fields of an account that need a permission of their own, and who has it."""
