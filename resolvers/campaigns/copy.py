"""Copying a campaign: headquarters prepares it, and branches adapt and send it (R26, R29)."""

from dataclasses import replace

from sqlalchemy import select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize_all, authorize_also, known_id
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, PermissionDenied, Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, CampaignId, Kind, TemplateId, new_id, present_in_account
from models.campaigns.tables import campaigns
from resolvers.campaigns.audience import CampaignAudience
from resolvers.campaigns.change import insert_campaign
from resolvers.campaigns.store import Content, read_locked
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record
from resolvers.templates.store import TemplateChange, insert_template, read_template


async def copy_campaign(
    session: WriteSession, principal: Principal, campaign_id: CampaignId, to_id: AccountId
) -> CampaignId:
    """Make a draft of the same content in an account of the tree. Into another account its template is copied
    too, as it is now; contact lists are not, because each account has its own.

    Needs CAMPAIGNS_WRITE there and CAMPAIGNS_READ where it is; for another account TEMPLATES_WRITE and
    TEMPLATES_READ, too. Locks the tree, because neither account need stand above the other. Raises NOT_FOUND,
    FAILED_PRECONDITION beyond 1,000 templates or campaigns, BAD_USER_INPUT for an account of another tree.
    """
    target = (
        await authorize_all(
            session, principal, [to_id], Permission.CAMPAIGNS_WRITE, fields={to_id: "accountId"}
        )
    )[0]
    source = await _source(session, principal, campaign_id)
    if source.master_id != target.master_id:
        message = "The accounts must belong to one tree."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "accountId")
    content = (await read_locked(session, source, campaign_id)).content
    if target.account_id != source.account_id:
        content = await _moved(session, principal, source, target, content)
    return await insert_campaign(session, principal, target, content)


async def _source(session: WriteSession, principal: Principal, campaign_id: CampaignId) -> Authorized:
    found = campaigns.c
    account_id = select(found.account_id).where(found.id == campaign_id).scalar_subquery()
    needed = Permission.CAMPAIGNS_READ, WriteKind.TAKES_AWAY
    try:
        known = await known_id(session, principal, account_id)
        return await authorize_also(session, principal, known, *needed)
    except NotFound:
        raise NotFound("campaignId") from None


async def _moved(
    session: WriteSession, principal: Principal, source: Authorized, target: Authorized, content: Content
) -> Content:
    """The content with a template of the target's own, and without lists."""
    for account, needed in ((source, Permission.TEMPLATES_READ), (target, Permission.TEMPLATES_WRITE)):
        if not account.held & needed.bit:
            raise PermissionDenied(needed)
    made = TemplateChange(target, TemplateId(new_id()))
    async with in_data_plane(session, source):
        stored = await read_template(session, TemplateChange(source, content.template_id))
        copied = replace(stored.content, external_id=None)
        await insert_template(session, made, stored.channel, copied)
    subject_id = present_in_account(Kind.TEMPLATE, target.account_id, made.template_id)
    after = {**copied.logged(1), "channel": stored.channel.value}
    await record(session, principal, target, EventType.TEMPLATE_CREATED, subject_id, None, after)
    audience = CampaignAudience((), (), content.audience.attribute, content.audience.value)
    return replace(content, template_id=made.template_id, audience=audience)
