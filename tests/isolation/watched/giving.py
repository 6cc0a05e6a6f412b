"""Gives a planted world promises, access reviews, a company's directory and second factors, by those who
may."""

import datetime
from typing import Any

import pyotp

from tests.client.api import Api
from tests.isolation.granting import some_role
from tests.isolation.model import Account, Key, Member, Person, Role, Share, Subject
from tests.isolation.planting import PASSWORD, remember_member
from tests.isolation.rules import EVERYTHING
from tests.isolation.site import Site
from tests.isolation.watched.model import Group, Item, Promise, Review, Reviewed

_PROMISES = 4
_IN_TEN_DAYS = datetime.timedelta(days=10)
_PROMISED = """mutation ($input: AccessPromiseCreateInput!) { accessPromiseCreate(input: $input) {
  userErrors { code message } } }"""
_REVIEWS = """query ($id: ID!) { account(id: $id) { accessReviews(first: 10) { nodes { id items(first: 100) {
  nodes { id kind user { id } share { id } apiKey { id } } } } } } }"""


async def watch(site: Site) -> None:
    """A directory with a group, some promises, and access reviews of which some items are answered. Nothing
    is suspended or closed yet, and everything passes down."""
    masters = [account for account in site.world.accounts if account.parent is None]
    await _provision(site, site.chance.choice(masters))
    for account in site.chance.sample(site.world.accounts, min(_PROMISES, len(site.world.accounts))):
        await _promise(site, account)
    for promise in site.world.promises[:1]:
        await _end(site, promise)
    for master in site.some(masters, 2):
        await _review(site, master)
    for review in site.world.reviews[1:2]:
        await _cancel(site, review)


async def require_factors(site: Site) -> None:
    """The account that most people reach requires a second factor. All who own it or one below it have proved
    one, so that somebody sees each account whole; somebody else has, most have not."""
    active = [found for found in site.world.accounts if found.status == "ACTIVE"]
    account = max(site.chance.sample(active, len(active)), key=lambda found: len(_who_come_in(site, found)))
    tree = [account, *site.world.below(account)]
    owners = [site.master_owner(account), *filter(None, map(site.world.owner, tree))]
    others = [person for person in _who_come_in(site, account) if person not in owners]
    for person in dict.fromkeys([*owners, *others[1:2]]):
        await _prove(site, person)
    setter = site.world.owner(account) or site.master_owner(account)
    if "SETTINGS_WRITE" not in site.rights.lasting_below(setter, account):
        return
    values = {"accountId": account.id, "expectedVersion": await site.version(account, setter)}
    await site.do("secondFactorRequire", setter, "", **values, required=True)
    site.log(account, "SECOND_FACTOR_RULE_UPDATED", setter, "SETTINGS_WRITE")
    account.requires_factor = True


def _who_come_in(site: Site, account: Account) -> list[Person]:
    return [person for person in site.world.people if site.rights.reaches(person, account)]


async def _prove(site: Site, person: Person) -> None:
    started = await site.do("totpStart", person, "secret", password=PASSWORD)
    await site.do("totpConfirm", person, "", code=pyotp.TOTP(started["secret"]).now())
    person.proved = True


async def _promise(site: Site, account: Account) -> None:
    """By an owner of the account if somebody has it already, with a reason. Where nobody owns it, to all
    roles: nobody else has it but guests whose share has none."""
    built_in = [role for role in site.world.roles if role.account is None]
    permission = site.chance.choice(sorted(EVERYTHING))
    roles = list(dict.fromkeys([site.world.role("OWNER"), *site.chance.sample(built_in, 3)]))
    maker: Subject | None = site.world.owner(account)
    if maker is None:
        roles = [role for role in site.world.roles if role.usable_in(account)]
    beside = site.rights.beside(account, permission, roles)
    if not beside:
        maker = site.able([account], "ACCOUNT_TRANSFER")
    if maker is None:
        return
    await _make(site, account, permission, roles, maker, beside)
    site.log(account, "PROMISE_MADE", maker, "ACCOUNT_TRANSFER")


async def promise_to(site: Site, account: Account, permission: str, roles: list[Role]) -> str | None:
    """The same of that permission, once all is built. Its id; None: nobody may promise it."""
    beside = site.rights.beside(account, permission, roles)
    maker: Subject | None = site.world.owner(account)
    if maker is None or site.rights.bars(maker, account):
        return None
    return await _make(site, account, permission, roles, maker, beside)


async def _make(
    site: Site, account: Account, permission: str, roles: list[Role], maker: Subject, beside: list[Subject]
) -> str:
    api = await site.api_of(maker)
    values = {"accountId": account.id, "permission": permission, "roleIds": [role.id for role in roles]}
    body = {"query": _PROMISED, "variables": {"input": values}, "extensions": {"reason": "Because"}}
    answer = (await _post(api, maker, "/graphql", body))["data"]["accessPromiseCreate"]
    assert answer["userErrors"] == [], answer["userErrors"]
    promise_id = await _promise_id(site, account)
    site.world.promises.append(Promise(promise_id, account, permission, roles, maker, beside))
    return promise_id


async def _promise_id(site: Site, account: Account) -> str:
    """The newest: who makes it need not see it, and the links may keep it from the master account's owner."""
    seen_by = (one for one in site.world.people if "MEMBERS_READ" in site.rights.permissions(one, account))
    reader = next(seen_by)
    query = "query ($id: ID!) { account(id: $id) { accessPromises(first: 20) { nodes { id } } } }"
    found = await (await site.api_of(reader)).read(query, reader, id=account.id)
    newest: str = found["account"]["accessPromises"]["nodes"][-1]["id"]
    return newest


async def _end(site: Site, promise: Promise) -> None:
    ender = site.able([promise.account], "ACCOUNT_TRANSFER")
    await site.do("accessPromiseEnd", ender, "", accessPromiseId=promise.id)
    site.log(promise.account, "PROMISE_ENDED", ender, "ACCOUNT_TRANSFER")
    promise.ended = True


async def _review(site: Site, top: Account) -> None:
    """Of the account and those below it. Of each kind one thing keeps its access, and one loses it."""
    starter = site.able([top], "ACCOUNT_TRANSFER")
    values = {"accountId": top.id, "endsAt": site.later(_IN_TEN_DAYS)}
    selection = "asked { accountId kind subjectId }"
    payload = await site.do("accessReviewStart", starter, selection, **values)
    expected = asked_about(site, starter, top)
    asked = {(one["accountId"], one["kind"], one["subjectId"]) for one in payload["asked"]}
    wanted = {(place.id, kind, one.id) for place, kind, one in expected}
    assert asked == wanted, (asked - wanted, wanted - asked)
    for account in dict.fromkeys(place for place, _, _ in expected):
        things = [(kind, one) for place, kind, one in expected if place is account]
        site.world.reviews.append(await _learned(site, account, top, starter, things))
        place = site.rights.acting_from(starter, top, "ACCOUNT_TRANSFER")
        site.log(account, "ACCESS_REVIEW_STARTED", starter, place)
    items = [(review, item) for review in site.world.reviews if review.top is top for item in review.items]
    for kind in ("MEMBER", "SHARE", "API_KEY"):
        of_kind = [each for each in items if each[1].kind == kind and not _is_needed(each[1].subject)]
        for decision, each in zip(("CONFIRMED", "ENDED"), site.some(of_kind, 2), strict=False):
            await _answer(site, *each, decision)


def asked_about(site: Site, starter: Subject, top: Account) -> list[tuple[Account, str, Reviewed]]:
    """What is from outside in the accounts that the starter may hand over."""
    world, found = site.world, list[tuple[Account, str, Reviewed]]()
    for place in [top, *world.below(top)]:
        if "ACCOUNT_TRANSFER" not in site.rights.permissions(starter, place):
            continue
        found += [(place, "MEMBER", member) for member in world.members if _is_outside(site, member, place)]
        found += [(place, "SHARE", s) for s in world.shares if s.status == "ACTIVE" and place in s.accounts]
        keys = [key for key in world.keys if key.account is place and not (key.revoked or key.expired)]
        found += [(place, "API_KEY", key) for key in keys]
    return found


def _is_outside(site: Site, member: Member, place: Account) -> bool:
    """Neither an owner, nor of the company by the own address, nor with a role above."""
    if member.account is not place or member.ended or member.role is site.world.role("OWNER"):
        return False
    others = [other for other in site.world.members if other.person is member.person and not other.ended]
    is_above = any(other.account in place.above for other in others)
    return not is_above and place.master is not site.world.company


def _is_needed(subject: Reviewed) -> bool:
    """What reads and sends for the world goes on."""
    return isinstance(subject, Key) and subject.scopes == EVERYTHING


async def _learned(
    site: Site, account: Account, top: Account, starter: Subject, things: list[tuple[str, Reviewed]]
) -> Review:
    owner = site.master_owner(account)
    found = await (await site.api_of(owner)).read(_REVIEWS, owner, id=account.id)
    newest = found["account"]["accessReviews"]["nodes"][0]
    review = Review(newest["id"], account, top, starter)
    ids = {_named(node): node["id"] for node in newest["items"]["nodes"]}
    for kind, subject in things:
        named = subject.person.id if isinstance(subject, Member) else subject.id
        review.items.append(Item(ids[kind, named], kind, subject))
    assert len(ids) == len(things)
    return review


def _named(node: Any) -> tuple[str, str]:
    field = {"MEMBER": "user", "SHARE": "share", "API_KEY": "apiKey"}[node["kind"]]
    return node["kind"], node[field]["id"]


async def _answer(site: Site, review: Review, item: Item, decision: str) -> None:
    owner = site.master_owner(review.account)
    subject = item.subject
    if not isinstance(subject, Key):
        person = subject.person if isinstance(subject, Member) else subject.guest
        if person is owner:
            return
    mutation = "accessReviewItemConfirm" if decision == "CONFIRMED" else "accessReviewItemEnd"
    await site.do(mutation, owner, "", accessReviewItemId=item.id)
    item.decision, item.decider = decision, owner
    if decision == "CONFIRMED":
        site.log(review.account, "ACCESS_CONFIRMED", owner, "ACCOUNT_TRANSFER")
        return
    kind = {"MEMBER": "MEMBER_REMOVED", "SHARE": "SHARE_REVOKED", "API_KEY": "API_KEY_REVOKED"}[item.kind]
    site.log(review.account, kind, owner, "ACCOUNT_TRANSFER")
    match subject:
        case Member():
            subject.ended = subject.removed = True
        case Key():
            subject.revoked = True
        case Share():
            subject.accounts.remove(review.account)
            if not subject.accounts:
                subject.accounts.append(review.account)
                subject.status = "REVOKED"


async def _cancel(site: Site, review: Review) -> None:
    owner = site.master_owner(review.account)
    await site.do("accessReviewCancel", owner, "", accessReviewId=review.id)
    site.log(review.account, "ACCESS_REVIEW_CANCELED", owner, "ACCOUNT_TRANSFER")
    review.canceled = True


async def _provision(site: Site, master: Account) -> None:
    """The tree's company proves the domain of all people of the world, so that in this tree they are from
    inside. Two of them are in a group, which gives them a role in an account where they had none."""
    owner, domain = site.master_owner(master), site.domain
    values = {"accountId": master.id, "kind": "SIGN_IN", "name": domain}
    made = await site.do("domainAdd", owner, "domain { id }", **values)
    site.log(master, "DOMAIN_ADDED", owner, "DOMAINS_WRITE")
    await site.behind.prove(master.id, made["domain"]["id"], domain)
    site.world.company = master
    site.world.stock(master).further_domains.append((made["domain"]["id"], domain))
    key = next(key for key in site.world.keys if key.account is master and key.scopes == EVERYTHING)
    tree = [master, *site.world.below(master)]
    place = site.chance.choice(tree)
    people = site.some([person for person in site.world.people if _is_free(site, person, place)], 2)
    api = await site.api_of(key)
    users = []
    for person in people:
        user = {"userName": person.email, "active": True, "displayName": person.name}
        users.append((await _post(api, key, "/scim/v2/Users", user))["id"])
        site.log(master, "SCIM_USER_CREATED", key, "MEMBERS_WRITE")
    name, role = site.once("Group"), some_role(site, place)
    body = {"displayName": name, "members": [{"value": user} for user in users]}
    group_id = f"scgr_{(await _post(api, key, '/scim/v2/Groups', body))['id']}"
    site.log(master, "SCIM_GROUP_CREATED", key, "MEMBERS_WRITE")
    given = {"groupId": group_id, "accountId": place.id, "roleId": role.id}
    await site.do("scimGroupRoleSet", owner, "", **given)
    site.log(master, "SCIM_GROUP_ROLE_SET", owner, "MEMBERS_WRITE", names=place)
    site.world.groups.append(Group(group_id, master, name, len(users), role, place))
    for person in people:
        site.log(place, "MEMBER_JOINED", owner, "MEMBERS_WRITE")
        await remember_member(site, place, person, role)


def _is_free(site: Site, person: Person, place: Account) -> bool:
    """Who was removed from an account gets no role there by a group."""
    was = any(member.person is person and member.account is place for member in site.world.members)
    return not was and not any(s.email == person.email and place in s.accounts for s in site.world.shares)


async def _post(api: Api, subject: Subject, path: str, body: Any) -> Any:
    headers = {"authorization": f"Bearer {subject.token}"}
    answer = await api.http.post(path, json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()
