"""Builds random trees with people, roles and keys, all through the API."""

from tests.isolation.model import Account, Invitation, Key, Member, Person, Role, Subject
from tests.isolation.rules import BUILT_IN, EVERYTHING, OTHER_STREAM, Gives, named
from tests.isolation.site import Site

PASSWORD = "correct horse battery"
_SIGNED_UP = "token user { id } account { id } apiKey { id } secret"
_MEMBERS = "query ($id: ID!) { account(id: $id) { members(first: 100) { nodes { id user { id } } } } }"
_ROLES = "query ($id: ID!) { account(id: $id) { roles(first: 100) { nodes { id name } } } }"


async def plant(site: Site, trees: int, accounts: int) -> None:
    """So many trees, and in all so many subaccounts, half of them with an owner of their own."""
    for _ in range(trees):
        await _plant_master(site)
    for _ in range(accounts):
        await _plant_subaccount(site)


async def _plant_master(site: Site) -> None:
    name, email, account_name = site.once("Owner"), site.email(), site.once("Master")
    payload = await site.do(
        "signUp", None, _SIGNED_UP, name=name, email=email, password=PASSWORD, accountName=account_name
    )
    person = Person(payload["user"]["id"], name, email, payload["token"])
    await site.do("emailVerify", person, "", token=(await site.behind.mailed(email))[-1])
    account = Account(payload["account"]["id"], account_name, None)
    site.world.people.append(person)
    site.world.accounts.append(account)
    if not site.world.roles:
        api = await site.api_of(person)
        listed = (await api.read(_ROLES, person, id=account.id))["account"]["roles"]["nodes"]
        site.world.roles += [Role(role["id"], role["name"], BUILT_IN[role["name"]]) for role in listed]
    await remember_member(site, account, person, site.world.role("OWNER"))
    site.log(account, "ACCOUNT_CREATED", person, account)
    _remember_first_key(site, account, person, payload["apiKey"]["id"], payload["secret"])


async def _plant_subaccount(site: Site) -> None:
    parent = site.chance.choice([account for account in site.world.accounts if len(account.path) < 4])
    creator = site.able([parent], "SUBACCOUNTS_WRITE", site.world.role("ADMINISTRATOR"))
    email = site.email() if site.chance.random() < 0.5 else None
    name, external_id = site.once("Sub"), site.chance.choice([None, site.once("ext")])
    payload = await site.do(
        "subaccountCreate",
        creator,
        "account { id } apiKey { id } secret invitation { id }",
        parentId=parent.id,
        name=name,
        externalId=external_id,
        ownerEmail=email,
        idempotencyKey=site.once("key"),
    )
    account = Account(payload["account"]["id"], name, parent, external_id)
    site.world.accounts.append(account)
    acting_from = site.rights.acting_from(creator, parent, "SUBACCOUNTS_WRITE")
    site.log(account, "ACCOUNT_CREATED", creator, acting_from)
    _remember_first_key(site, account, creator, payload["apiKey"]["id"], payload["secret"])
    if email is not None:
        invitation = Invitation(
            payload["invitation"]["id"], account, creator, site.world.role("OWNER"), email
        )
        site.world.invitations.append(invitation)
        site.log(account, "MEMBER_INVITED", creator, acting_from)
        await accept(site, invitation, site.world.role("OWNER"), email, None)


def _remember_first_key(site: Site, account: Account, creator: Subject, key_id: str, secret: str) -> None:
    role = site.world.role("ADMINISTRATOR")
    site.world.keys.append(Key(key_id, "", account, role, secret, EVERYTHING, creator))
    place = account if account.parent is None else site.world.events[-1].acting_from
    site.log(account, "API_KEY_CREATED", creator, place)


async def invite(site: Site, account: Account, role: Role, email: str) -> Invitation:
    """By somebody who may."""
    inviter = site.able([account], "MEMBERS_WRITE", role)
    await site.do(
        "memberInvite",
        inviter,
        "",
        accountId=account.id,
        email=email,
        roleId=role.id,
        idempotencyKey=site.once("key"),
    )
    invitation = Invitation(await newest(site, account, "invitations"), account, inviter, role, email)
    site.world.invitations.append(invitation)
    site.log(account, "MEMBER_INVITED", inviter, "MEMBERS_WRITE")
    return invitation


async def newest(site: Site, account: Account, listed: str) -> str:
    """The id of what was made last in a list of the account. Read by the tree's owner: who made it need not
    see it."""
    owner = site.master_owner(account)
    query = f"query ($id: ID!) {{ account(id: $id) {{ {listed}(first: 100) {{ nodes {{ id }} }} }} }}"
    found = await (await site.api_of(owner)).read(query, owner, id=account.id)
    last: str = max(node["id"] for node in found["account"][listed]["nodes"])  # ids begin with the time
    return last


async def accept(site: Site, invitation: Invitation, role: Role, email: str, person: Person | None) -> Member:
    """By the person with the address; None: who signs up by it."""
    token = (await site.behind.mailed(email))[-1]
    if person is None:
        name = site.once("Person")
        payload = await site.do(
            "signUp", None, _SIGNED_UP, name=name, email=email, password=PASSWORD, invitationToken=token
        )
        person = Person(payload["user"]["id"], name, email, payload["token"])
        site.world.people.append(person)
    else:
        await site.do("invitationAccept", person, "", token=token)
    invitation.status = "ACCEPTED"
    site.log(invitation.account, "MEMBER_JOINED", person, invitation.account)
    return await remember_member(site, invitation.account, person, role)


async def remember_member(site: Site, account: Account, person: Person, role: Role) -> Member:
    """The membership that the person has now."""
    seer = person if role is site.world.role("OWNER") else site.master_owner(account)
    api = await site.api_of(seer)
    nodes = (await api.read(_MEMBERS, seer, id=account.id))["account"]["members"]["nodes"]
    (member_id,) = [node["id"] for node in nodes if node["user"]["id"] == person.id]
    member = Member(member_id, person, account, role)
    site.world.members.append(member)
    return member


async def make_role(site: Site, account: Account) -> Role:
    """A custom role of some permissions."""
    here = frozenset(site.chance.sample(sorted(EVERYTHING - named("ACCOUNT_SUSPEND")), 6))
    below = frozenset(site.chance.sample(sorted(EVERYTHING), site.chance.choice([0, 4])))
    whole = here | named("ACCOUNT_READ")
    whole_below = below | named("ACCOUNT_READ") if below else below
    gives = Gives(whole, whole_below, whole | whole_below)
    name = site.once("Role")
    creator = site.able([account], "ROLES_WRITE", Role("", name, gives))
    payload = await site.do(
        "roleCreate",
        creator,
        "role { id }",
        accountId=account.id,
        name=name,
        permissions=sorted(here),
        permissionsBelow=sorted(below),
    )
    role = Role(payload["role"]["id"], name, gives, account)
    site.world.roles.append(role)
    site.log(account, "ROLE_CREATED", creator, "ROLES_WRITE")
    return role


async def make_narrow_key(site: Site, account: Account, wanted: frozenset[str]) -> Key:
    """A key of these permissions and no more, for good."""
    role = site.world.role("ADMINISTRATOR")
    creator = site.able([account], "API_KEYS_WRITE", role)
    payload = await site.do(
        "apiKeyCreate",
        creator,
        "apiKey { id } secret",
        accountId=account.id,
        name=site.once("Key"),
        roleId=role.id,
        permissions=sorted(wanted),
    )
    key = Key(payload["apiKey"]["id"], "", account, role, payload["secret"], wanted, creator)
    site.world.keys.append(key)
    site.log(account, "API_KEY_CREATED", creator, "API_KEYS_WRITE")
    return key


async def make_key(site: Site, account: Account, role: Role) -> Key:
    """A key of the role: of all that it gives or some of it, for a stream, from an address, for a while."""
    creator = site.able([account], "API_KEYS_WRITE", role)
    purpose = site.chance.choice([None, "MARKETING", "TRANSACTIONAL"])
    most = (role.gives.here | _below(account, role)) - OTHER_STREAM.get(purpose or "", frozenset())
    wanted: list[str] | None = None
    if site.chance.random() < 0.4:
        kept = set(site.chance.sample(sorted(most), site.chance.randint(1, len(most))))
        wanted = sorted(kept | {"ACCOUNT_READ"} if site.chance.random() < 0.8 else kept)
    address = site.chance.choice([None, None, "203.0.113.7"])
    stops, expires = site.chance.random() < 0.4, site.chance.random() < 0.15
    payload = await site.do(
        "apiKeyCreate",
        creator,
        "secret",
        accountId=account.id,
        name=site.once("Key"),
        roleId=role.id,
        permissions=wanted,
        purpose=purpose,
        ipRanges=[] if address is None else ["203.0.113.0/24"],
        whenMakerLosesAccess="STOP" if stops else "KEEP",
        expiresAt=site.soon() if expires else None,
    )
    scopes = most if wanted is None else frozenset(wanted) | {"ACCOUNT_READ"}
    key_id, secret = await newest(site, account, "apiKeys"), payload["secret"]
    key = Key(
        key_id, "", account, role, secret, scopes, creator, stops=stops, address=address, expired=expires
    )
    site.world.keys.append(key)
    site.log(account, "API_KEY_CREATED", creator, "API_KEYS_WRITE")
    return key


def _below(account: Account, role: Role) -> frozenset[str]:
    return role.gives.inherited if account.passes_all_roles else role.gives.below
