"""Gives each account of a planted world what it writes with: contacts, lists, blocks, a domain, settings."""

import datetime

from tests.isolation.model import Account, Block, Key, Stock, Subject
from tests.isolation.rules import EVERYTHING
from tests.isolation.site import Site

TIER = "tier"
"""An attribute that all accounts have."""

_JOBS = "query ($id: ID!) { account(id: $id) { jobs(first: 20) { nodes { id } } } }"
_A_DAY = datetime.timedelta(days=1)


async def stock(site: Site) -> None:
    """One of everything for every account, each by somebody who may. What an account blocks, others block
    too: an address of its own and one of all."""
    common = site.email()
    for account in site.world.accounts:
        site.world.stocks.append(await _contacts(site, account))
        addresses = [site.email(), *site.chance.sample([common], site.chance.randint(0, 1))]
        await _block(site, account, addresses)
    # From the leaves up: a lock binds those below.
    for account in sorted(site.world.accounts, key=lambda found: -len(found.path)):
        await _settings(site, account)


async def _contacts(site: Site, account: Account) -> Stock:
    writer, here = site.able([account], "CONTACTS_WRITE"), {"accountId": account.id}
    attribute, list_name = site.once("attribute"), site.once("List")
    for name in (TIER, attribute):
        await site.do("contactAttributeCreate", writer, "", **here, name=name, type="TEXT")
        site.log(account, "CONTACT_ATTRIBUTE_CREATED", writer, "CONTACTS_WRITE")
    # Not by who makes the contact: his right to see it would then decide what is learnt.
    owner = site.master_owner(account)
    made = await site.do("contactListCreate", owner, "contactList { id }", **here, name=list_name)
    site.log(account, "CONTACT_LIST_CREATED", owner, "CONTACTS_WRITE")
    email, external_id, value = site.email(), site.once("contact"), site.once("tier")
    contact = {"email": email, "externalId": external_id, "attributes": {TIER: value, attribute: "x"}}
    contact["addToLists"] = [made["contactList"]["id"]]
    done = await site.do("contactUpsert", writer, "results { contactId }", **here, contacts=[contact])
    site.log(account, "CONTACTS_CHANGED", writer, "CONTACTS_WRITE")
    unsubscribed, bounced = await _reports(site, account, writer)
    domain, domain_id = await _domain(site, account)
    template_name, template_id = await _template(site, account)
    webhook, webhook_id = await _webhook(site, account)
    return Stock(
        account=account,
        email=email,
        external_id=external_id,
        contact_id=done["results"][0]["contactId"],
        list_name=list_name,
        list_id=made["contactList"]["id"],
        attribute=attribute,
        value=value,
        job_ids=[await _import(site, account, writer)],
        domain=domain,
        domain_id=domain_id,
        webhook=webhook,
        webhook_id=webhook_id,
        review_id=await _review(site, account),
        template_id=template_id,
        template_name=template_name,
        unsubscribed=unsubscribed,
        bounced=bounced,
    )


async def _reports(site: Site, account: Account, writer: Subject) -> tuple[str, str]:
    """An address that has unsubscribed, and one that bounced."""
    unsubscribed, bounced, at = site.email(), site.email(), site.later(-_A_DAY)
    report = {"address": unsubscribed, "occurredAt": at}
    await site.do("unsubscribeReport", writer, "", accountId=account.id, reports=[report])
    site.log(account, "UNSUBSCRIBES_REPORTED", writer, "CONTACTS_WRITE")
    report = {"address": bounced, "occurredAt": at, "kind": "HARD"}
    await site.do("bounceReport", writer, "", accountId=account.id, reports=[report])
    site.log(account, "BOUNCES_REPORTED", writer, "CONTACTS_WRITE")
    return unsubscribed, bounced


async def _import(site: Site, account: Account, writer: Subject) -> str:
    """The id of a job that no worker does."""
    api = await site.api_of(writer)
    headers = {"authorization": f"Bearer {writer.token}", "content-type": "text/csv"}
    content, query = f"email\n{site.email()}\n", {"accountId": account.id}
    answer = await api.http.post("/contacts", params=query, content=content, headers=headers)
    job_id: str = answer.json()["id"]
    return job_id


async def learn_jobs(site: Site, account: Account) -> None:
    """Take the ids of the jobs that were made since."""
    owner, found = site.master_owner(account), site.world.stock(account)
    api = await site.api_of(owner)
    nodes = (await api.read(_JOBS, owner, id=account.id))["account"]["jobs"]["nodes"]
    found.job_ids += [node["id"] for node in nodes if node["id"] not in found.job_ids]


async def _domain(site: Site, account: Account) -> tuple[str, str]:
    name = f"{site.once('track').replace(' ', '-')}.example.com"
    adder = site.master_owner(account)
    values = {"accountId": account.id, "kind": "TRACKING", "name": name}
    made = await site.do("domainAdd", adder, "domain { id }", **values)
    site.log(account, "DOMAIN_ADDED", adder, "DOMAINS_WRITE")
    return name, made["domain"]["id"]


async def _webhook(site: Site, account: Account) -> tuple[str, str | None]:
    """Where nobody listens: no worker is there."""
    url = f"https://hooks.example.com/{site.once('hook').replace(' ', '-')}"
    maker = site.master_owner(account)
    key = next((key for key in site.world.keys if key.account is account and _reads_the_log(key)), None)
    if key is None:
        return url, None
    values = {"accountId": account.id, "url": url, "apiKeyId": key.id}
    made = await site.do("webhookCreate", maker, "webhook { id }", **values)
    site.log(account, "WEBHOOK_CREATED", maker, "WEBHOOKS_WRITE")
    return url, made["webhook"]["id"]


def _reads_the_log(key: Key) -> bool:
    return key.scopes == EVERYTHING and not key.revoked and not key.expired


async def _template(site: Site, account: Account) -> tuple[str, str]:
    """It says who has written to whom."""
    writer, name = site.master_owner(account), site.once("Template")
    values = {"name": name, "channel": "EMAIL", "subject": "Hello"}
    values["text"] = f"{name} {{{{ contact.email }}}}"
    made = await site.do("templateCreate", writer, "template { id }", accountId=account.id, **values)
    site.log(account, "TEMPLATE_CREATED", writer, "TEMPLATES_WRITE")
    return name, made["template"]["id"]


async def _review(site: Site, account: Account) -> str:
    asker = site.master_owner(account)
    made = await site.do("reviewRequest", asker, "review { id }", accountId=account.id)
    site.log(account, "REVIEW_REQUESTED", asker, "SETTINGS_WRITE")
    review_id: str = made["review"]["id"]
    return review_id


async def _block(site: Site, account: Account, addresses: list[str]) -> None:
    maker = site.able([account], "BLOCK_LIST_WRITE")
    values = {"accountId": account.id, "addresses": addresses, "source": "A letter"}
    made = await site.do("blockListAdd", maker, "results { entryId }", **values)
    site.log(account, "BLOCK_LIST_ADDED", maker, "BLOCK_LIST_WRITE")
    for address, result in zip(addresses, made["results"], strict=True):
        site.world.blocks.append(Block(result["entryId"], account, address, maker))


async def _settings(site: Site, account: Account) -> None:
    """A sender's name, a lock, both or nothing."""
    found, setter = site.world.stock(account), site.master_owner(account)
    name = site.chance.choice([None, site.once("Sender"), site.once("Sender")])
    locks = site.chance.random() < 0.2
    if name is None and not locks:
        return
    values = {"accountId": account.id, "expectedVersion": await site.version(account, setter)}
    given = {} if name is None else {"senderName": name}
    await site.do("settingsUpdate", setter, "", **values, **given, lock=["SENDER_NAME"] if locks else [])
    site.log(account, "SETTINGS_UPDATED", setter, "SETTINGS_WRITE")
    found.sender_name, found.locks = name, locks
