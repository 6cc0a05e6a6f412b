"""What narrows the rights in a planted tree, through the API: links, broken glass, statuses, ends of keys."""

from tests.isolation.model import Account, Key, Opening, Person
from tests.isolation.site import Site
from tests.isolation.stock.giving import learn_jobs


async def limit(site: Site) -> None:
    """Close, narrow, open and suspend some accounts; end some keys."""
    for key in site.some(site.world.keys, 2):
        await _revoke(site, key)
    for key in site.some([key for key in site.world.keys if key.stops], 1):
        await _adopt(site, key)
    master = site.chance.choice([account for account in site.world.accounts if account.parent is None])
    await _keep_keys_to_the_master(site, master)
    leaves = [account for account in _subaccounts(site) if not site.world.below(account)]
    for account in site.some(leaves, 1):
        await _close(site, account)
    # From the leaves up: whoever narrows a link could not narrow those below it any more.
    for account in sorted(_subaccounts(site), key=lambda found: -len(found.path)):
        if account.own_status == "ACTIVE" and site.world.owner(account) and site.chance.random() < 0.7:
            await _narrow(site, account)
    for account in _subaccounts(site):
        await _break_glass(site, account)
    for account in site.some([found for found in _subaccounts(site) if found.status == "ACTIVE"], 2):
        if account.status == "ACTIVE":
            await _suspend(site, account)


def _subaccounts(site: Site) -> list[Account]:
    return [account for account in site.world.accounts if account.parent is not None]


async def _revoke(site: Site, key: Key) -> None:
    if key.revoked:  # by an access review
        return
    actor = site.master_owner(key.account)
    await site.do("apiKeyRevoke", actor, "", apiKeyId=key.id)
    site.log(key.account, "API_KEY_REVOKED", actor, "API_KEYS_WRITE")
    key.revoked = True


async def _adopt(site: Site, key: Key) -> None:
    adopter = site.master_owner(key.account)
    if key.revoked or key.expired or key.creator is adopter:
        return
    await site.do("apiKeyAdopt", adopter, "", apiKeyId=key.id)
    site.log(key.account, "API_KEY_ADOPTED", adopter, "API_KEYS_WRITE")
    key.adopted_by = adopter


async def _keep_keys_to_the_master(site: Site, master: Account) -> None:
    owner = site.master_owner(master)
    await site.do(
        "accountUpdate",
        owner,
        "",
        accountId=master.id,
        expectedVersion=await site.version(master, owner),
        apiKeyCreation="MASTER_ONLY",
    )
    site.log(master, "ACCOUNT_UPDATED", owner, "ACCOUNT_WRITE")
    master.keys_by_master_only = True


async def _close(site: Site, account: Account) -> None:
    """Nobody accepts an invitation to it any more, its domain is free, and a job will delete its contacts."""
    actor = site.master_owner(account)
    await site.do("accountClose", actor, "", accountId=account.id)
    site.log(account, "DOMAIN_REMOVED", actor, "ACCOUNT_CLOSE")
    if site.world.stock(account).webhook_id is not None:
        site.log(account, "WEBHOOK_DELETED", actor, "ACCOUNT_CLOSE")
    for invitation in site.world.invitations:
        if invitation.account is account and invitation.status == "PENDING":
            invitation.status = "REVOKED"
            site.log(account, "INVITATION_REVOKED", actor, "ACCOUNT_CLOSE")
    site.log(account, "REVIEW_WITHDRAWN", actor, "ACCOUNT_CLOSE")
    site.log(account, "ACCOUNT_CLOSED", actor, "ACCOUNT_CLOSE")
    await learn_jobs(site, account)
    account.own_status = "CLOSED"


async def _suspend(site: Site, account: Account) -> None:
    actor = site.master_owner(account)
    await site.do("accountSuspend", actor, "", accountId=account.id)
    site.log(account, "ACCOUNT_SUSPENDED", actor, "ACCOUNT_SUSPEND")
    account.own_status = "SUSPENDED"


async def _narrow(site: Site, account: Account) -> None:
    """The parent gives something up; or the account asks it to."""
    mode = site.chance.choice(["READ_ONLY", "BREAK_GLASS", "BREAK_GLASS", "NONE"])
    owner = site.world.owner(account)
    assert owner is not None
    # Who speaks for both sides does not ask.
    asks = site.chance.random() < 0.25 and not site.rights.speaks_for_parent(owner, account)
    actor = owner if asks else site.master_owner(account)
    await site.do(
        "parentAccessUpdate",
        actor,
        "",
        accountId=account.id,
        expectedVersion=await site.version(account, actor),
        parentAccess=mode,
        reason="Because",
    )
    if asks:
        site.log(account, "PARENT_ACCESS_REQUESTED", actor, account)
        account.request = mode
    else:
        assert account.parent is not None
        place = site.rights.acting_from(actor, account.parent, "SETTINGS_WRITE")
        site.log(account, "PARENT_ACCESS_UPDATED", actor, place)
        account.parent_access = mode


async def _break_glass(site: Site, account: Account) -> None:
    if account.parent_access != "BREAK_GLASS" or account.status == "CLOSED":
        return
    for person in site.some([found for found in site.world.people if _may_open(site, found, account)], 2):
        payload = await site.do(
            "breakGlassOpen",
            person,
            "breakGlassOpening { id }",
            accountId=account.id,
            reason="Fire",
            hours=2,
        )
        opening = Opening(payload["breakGlassOpening"]["id"], account, person)
        site.world.openings.append(opening)
        site.log(account, "BREAK_GLASS_OPENED", person, site.rights.let_in(person, account)[-1])
        if site.chance.random() < 0.3:
            place = site.rights.acting_from(person, account, "ACCOUNT_READ")
            await site.do("breakGlassEnd", person, "", breakGlassId=opening.id)
            site.log(account, "BREAK_GLASS_ENDED", person, place)
            opening.ended = True


def _may_open(site: Site, person: Person, account: Account) -> bool:
    return bool(site.rights.let_in(person, account)) and site.rights.reaches(person, account)
