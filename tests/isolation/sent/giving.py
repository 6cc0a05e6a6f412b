"""Gives each account of a planted world something that it sends: a campaign, and a message of each stream."""

import datetime

from tests.isolation.model import Account, Sent
from tests.isolation.site import Site

_A_MINUTE = datetime.timedelta(minutes=1)
_SENDS = {"MARKETING": "CAMPAIGNS_SEND", "TRANSACTIONAL": "TRANSACTIONAL_SEND"}
"""By a stream: what sends on it."""


async def send(site: Site) -> None:
    """One of everything for every account that has its stock; then all of it is added up."""
    for account in site.world.accounts:
        site.world.sent.append(await _sent(site, account))
    for account in site.world.accounts:
        if account.parent is None:
            await site.behind.add_up(account.id)


async def _sent(site: Site, account: Account) -> Sent:
    label, marketer = site.once("Team"), site.able([account], "CAMPAIGNS_WRITE")
    stock, name = site.world.stock(account), site.once("Campaign")
    content = {"name": name, "label": label, "templateId": stock.template_id}
    values = {"accountId": account.id, **content, "contactListIds": [stock.list_id]}
    await site.do("campaignCreate", marketer, "", **values)
    site.log(account, "CAMPAIGN_CREATED", marketer, "CAMPAIGNS_WRITE")
    numbers = site.phone(), site.phone()
    marketing_id = await _message(site, account, "MARKETING", label, numbers[0])
    transactional_id = await _message(site, account, "TRANSACTIONAL", label, numbers[1])
    await site.behind.hand_over(marketing_id)
    event = {"key": site.once("event"), "kind": "DELIVERED", "messageId": marketing_id}
    told = {"accountId": account.id, "stream": "MARKETING"}
    event["occurredAt"] = site.later(-_A_MINUTE)
    owner = site.master_owner(account)
    await site.do("messageEventsReport", owner, "", **told, events=[event])
    site.log(account, "MESSAGE_EVENTS_REPORTED", owner, "CAMPAIGNS_SEND")
    return Sent(
        account=account,
        label=label,
        campaign_id=await _campaign_id(site, account, label),
        campaign_name=name,
        campaign_maker=marketer,
        marketing_id=marketing_id,
        transactional_id=transactional_id,
        numbers=numbers,
        paused_stream=await _pause(site, account),
    )


async def _campaign_id(site: Site, account: Account, label: str) -> str:
    """Read by the owner: who made it need not see it."""
    owner = site.master_owner(account)
    query = """query ($id: ID!, $label: String!) {
      account(id: $id) { campaigns(label: $label) { nodes { id } } }
    }"""
    found = await (await site.api_of(owner)).read(query, owner, id=account.id, label=label)
    (campaign,) = found["account"]["campaigns"]["nodes"]
    campaign_id: str = campaign["id"]
    return campaign_id


async def _message(site: Site, account: Account, stream: str, label: str, number: str) -> str:
    """The id of an SMS, which needs no domain."""
    owner = site.master_owner(account)
    message = {"idempotencyKey": site.once("message"), "to": number, "text": "Hello. STOP", "from": "Verdant"}
    values = {"accountId": account.id, "stream": stream, "label": label, "messages": [message]}
    sent = await site.do("messageSend", owner, "outcomes { message { id } error { code } }", **values)
    site.log(account, "MESSAGES_SENT", owner, _SENDS[stream])
    message_id: str = sent["outcomes"][0]["message"]["id"]
    return message_id


async def _pause(site: Site, account: Account) -> str | None:
    """The stream on which its campaigns and people send nothing any more; None: they send on both."""
    stream, owner = site.chance.choice([None, "MARKETING", "TRANSACTIONAL"]), site.master_owner(account)
    if stream is not None:
        await site.do("sendingSourcePause", owner, "", accountId=account.id, stream=stream)
        site.log(account, "SENDING_PAUSED", owner, "SETTINGS_WRITE")
    return stream
