"""What is tried about accounts in dry runs with random inputs."""

from tests.areas.accounts.reopening import closed
from tests.authz.escalation.dry_run_tries import Draw, Tries, Try


async def _account_update(tries: Tries, draw: Draw) -> Try:
    account = tries.account(draw)
    inheritance = "ALL_ROLES" if draw.passes_all else "ADMINISTRATORS"
    return tries.by_owner(
        accountId=account.id,
        expectedVersion=await tries.version(account),
        rightsInheritance=inheritance,
    )


async def _account_status(tries: Tries, draw: Draw) -> Try:
    return tries.by_owner(accountId=tries.account(draw).id)


async def _account_reopen(tries: Tries, draw: Draw) -> Try:
    await closed(tries.world, tries.account(draw))
    return tries.by_owner(accountId=tries.account(draw).id)


TRIES = {
    "accountUpdate": _account_update,
    "accountSuspend": _account_status,
    "accountResume": _account_status,
    "accountClose": _account_status,
    "accountReopen": _account_reopen,
}
