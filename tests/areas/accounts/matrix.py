"""The rows of the matrix for accounts."""

from models.accounts.tables import AccountStatus
from models.base.ids import Kind
from tests.areas.accounts.reopening import closed
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, MANAGERS, OUTSIDE, Stage, once
from tests.authz.matrix.matrix_rows import (
    ABOVE,
    Mutation,
    NodeOf,
    Query,
    Values,
    account_id,
    gated,
    lasting,
    table,
)

OWNERS = frozenset({"owner"})


async def _subaccount_create(stage: Stage) -> Values:
    return {"parentId": stage.account.id, "name": "New", "idempotencyKey": once()}


async def _account_update(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "expectedVersion": await stage.version(), "name": once()}


async def this_account(stage: Stage) -> Values:
    """An input that names the account and nothing else."""
    return {"accountId": stage.account.id}


async def _suspended_account(stage: Stage) -> Values:
    await stage.world.set_status(stage.account, AccountStatus.SUSPENDED)
    return {"accountId": stage.account.id}


async def _account_without_open_children(stage: Stage) -> Values:
    await stage.close_children()
    return {"accountId": stage.account.id}


async def _closed_account(stage: Stage) -> Values:
    await closed(stage.world, stage.account)
    return {"accountId": stage.account.id}


async def _active_again(stage: Stage, caller: str) -> None:
    await stage.reopen()


async def _open_again(stage: Stage, caller: str) -> None:
    await stage.reopen()
    await stage.restore_owner()


MUTATIONS = {
    "subaccountCreate": Mutation(
        "SUBACCOUNTS_WRITE", lasting("SUBACCOUNTS_WRITE", MANAGERS), _subaccount_create
    ),
    "accountUpdate": Mutation("ACCOUNT_WRITE", gated("ACCOUNT_WRITE", MANAGERS), _account_update),
    # Nobody in an account suspends or resumes it: those above it do.
    "accountSuspend": Mutation(
        "ACCOUNT_SUSPEND", gated("ACCOUNT_SUSPEND", ABOVE), this_account, _active_again
    ),
    "accountResume": Mutation(
        "ACCOUNT_SUSPEND", gated("ACCOUNT_SUSPEND", ABOVE), _suspended_account, _active_again
    ),
    "accountClose": Mutation(
        "ACCOUNT_CLOSE", gated("ACCOUNT_CLOSE", OWNERS | ABOVE), _account_without_open_children, _open_again
    ),
    "accountReopen": Mutation(
        "ACCOUNT_CLOSE", gated("ACCOUNT_CLOSE", OWNERS | ABOVE), _closed_account, _open_again
    ),
}


QUERIES = {
    "account": Query(
        "ACCOUNT_READ",
        table((ANONYMOUS, "UNAUTHENTICATED"), (OUTSIDE, "NOT_FOUND"), (INSIDE, DONE)),
        "{ id name }",
        account_id,
    ),
}


ACCOUNT_FIELDS = {
    "subaccounts": ("SUBACCOUNTS_READ", MANAGERS),
    "apiKeyCreation": ("SETTINGS_READ", MANAGERS),
    "rightsInheritance": ("SETTINGS_READ", MANAGERS),
}


async def _account(stage: Stage) -> str:
    return stage.account.id


NODES = {
    Kind.ACCOUNT: NodeOf(_account, INSIDE),
}
