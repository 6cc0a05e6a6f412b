"""The start of a campaign: what it says and whom it goes to is fixed, and all of it passes the gate (T29).

A million recipients are counted and paid by one transaction. The digests of those that are paid for are kept
in their order, without those that are left out. So messages can be written for them in slices later, for
nobody else and for nobody twice.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from authz.callers.actors import Actor
from authz.guards.exclusive import Authorized
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.text.forms import compared
from engine.text.numbers import counted
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account, in_tree
from models.base.ids import Kind, SendReservationId, TemplateId, new_id, present
from models.campaigns.tables import UNTIL_RELEASED, CampaignStatus
from models.sending.tables import SendStream
from models.templates.tables import template_versions, templates
from resolvers.campaigns.audience import CampaignAudience, audience_parts, check_lists
from resolvers.campaigns.due import put_in_job
from resolvers.campaigns.sms import check_campaign_text
from resolvers.campaigns.store import Campaign, Content, log_campaign, now, write_campaign
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change
from resolvers.inputs.emails import email_address
from resolvers.messages.senders import check_verified
from resolvers.messages.sms_senders import note_sms_senders
from resolvers.review.gate import check_reviewed
from resolvers.review.policy import ReviewPolicy
from resolvers.sending.address_hash import Recipients
from resolvers.sending.audience import Audience
from resolvers.sending.commit_or_void import Held, use_up
from resolvers.sending.gate import Passage, Reserved, pass_gate
from resolvers.sending.left_out import LeftOut, WritingPlanes, find_left_out
from resolvers.sending.left_out_store import StoredLeftOut
from resolvers.sending.lists.contact_lists import PART, check_number, store_list
from resolvers.sending.lists.recipient_rows import uploaded
from resolvers.sending.long_statements import allow_many
from resolvers.sending.senders import read_sender
from resolvers.settings.in_force import effective_settings
from resolvers.statistics.count import Passed, Source

FIELD = "campaignId"
_ROOM = 32
"""In bits."""


@dataclass(frozen=True)
class Version:
    """A version of a template. `text`: as it was given."""

    id: uuid.UUID
    number: int
    text: str | None


@dataclass(frozen=True)
class _From:
    """Whom the messages come from."""

    sender: str
    name: str | None


async def start_campaign(
    session: WriteSession, actor: Actor, campaign: Campaign, review: ReviewPolicy
) -> None:
    """Have its messages written from now on. The caller has seen that the account may change.

    Raises what `resolvers.sending.gate` raises, DOMAIN_NOT_VERIFIED, NOT_FOUND for a template or a list that
    was deleted, BAD_USER_INPUT for an audience of nobody, or of more than 1,000,000.
    """
    account, content = campaign.account, campaign.content
    from_ = await _from(session, account, content)
    version = await _checked_version(session, account, content)
    digests, left_out = await _recipients(session, account, content)
    parts = [digests[first : first + PART] for first in range(0, len(digests), PART)]
    list_id = await store_list(session, account, parts, UNTIL_RELEASED)
    passage = Passage(
        reservation_id=SendReservationId(new_id()),
        stream=SendStream.MARKETING,
        # Whoever starts it, it counts as a campaign of the account.
        api_key_id=None,
        label=content.label,
        audience=Audience(len(digests), uploaded(list_id), left_out),
        sends=len(digests) * content.sends_each,
        left_out=StoredLeftOut(left_out.counts, {}),
        field=FIELD,
    )
    reserved = await _pay(session, actor, campaign, review, passage)
    moment = now()
    await write_campaign(
        session,
        account,
        campaign.id,
        status=CampaignStatus.SENDING.value,
        label=reserved.label,
        version=campaign.row.version + 1,
        version_id=version.id,
        template_version=version.number,
        sender=from_.sender,
        sender_name=from_.name,
        recipients=len(digests),
        left_out=len(left_out.causes),
        reservation_id=passage.reservation_id,
        recipient_list_id=list_id,
        first_message_id=_first_id(),
        started_at=moment,
        next_at=moment,
        work_due_at=moment,
    )
    await put_in_job(session, account, campaign.id, moment)
    after: Change = {"reservation": present(Kind.SEND_RESERVATION, passage.reservation_id)}
    after |= {"templateVersion": version.number, **reserved.logged()}
    await log_campaign(session, actor, campaign, EventType.CAMPAIGN_STARTED, None, after)


async def _from(session: WriteSession, account: Authorized, content: Content) -> _From:
    """Raises DOMAIN_NOT_VERIFIED for e-mails."""
    if content.sms is not None:
        await note_sms_senders(session, account, [content.sms.sender])
        return _From(content.sms.sender, None)
    settings = await effective_settings(session, account)
    if settings.sender_address is None:
        message = "Set `senderAddress` in the account's settings."
        raise Refusal(RefusalCode.DOMAIN_NOT_VERIFIED, message, FIELD)
    await check_verified(session, account, [email_address(settings.sender_address)], FIELD)
    return _From(settings.sender_address, settings.sender_name)


async def _checked_version(session: WriteSession, account: Authorized, content: Content) -> Version:
    """The template's newest version. Raises NOT_FOUND for one that was deleted, and BAD_USER_INPUT for a text
    that cannot be sent by SMS."""
    async with in_data_plane(session, account):
        version = await _newest(session, account, content.template_id)
    if content.sms is not None:
        await check_campaign_text(session, account, content.sms, version.text or "", FIELD)
    return version


async def _pay(
    session: WriteSession, actor: Actor, campaign: Campaign, review: ReviewPolicy, passage: Passage
) -> Reserved:
    """Count and pay all of its sends, or none."""
    reserved = await pass_gate(session, actor, campaign.account, review, passage)
    source = Source(
        channel=campaign.content.channel,
        stream=passage.stream,
        campaign_id=campaign.id,
        label=None if reserved.label is None else compared(reserved.label),
    )
    held = Held(
        id=passage.reservation_id,
        payer_id=reserved.use.payer_id,
        price=reserved.use.price,
        moment=reserved.moment,
        sent={source: Passed(passage.audience.recipients, passage.sends)},
    )
    await use_up(session, actor, campaign.account, held)
    return reserved


async def check_given(session: WriteSession, campaign: Campaign, review: ReviewPolicy) -> None:
    """What is known to refuse it before it starts. Raises REVIEW_REQUIRED, NOT_FOUND for a template that was
    deleted, and BAD_USER_INPUT where nothing says who is meant, or how to get no more SMS."""
    await check_reviewed(session, campaign.account, review)
    _check_given(campaign.content.audience)
    if campaign.content.sms is not None:
        await _checked_version(session, campaign.account, campaign.content)


def _check_given(audience: CampaignAudience) -> None:
    if not audience.is_given:
        message = "Nobody is meant: give it contact lists, or an attribute, with `campaignUpdate`."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, FIELD)


async def _recipients(
    session: WriteSession, account: Authorized, content: Content
) -> tuple[Sequence[bytes], LeftOut]:
    """The digests of those that are sent to, in their order, and who is left out."""
    audience = content.audience
    _check_given(audience)
    await allow_many(session)
    async with in_data_plane(session, account):
        await check_lists(session, account, audience)
        rows = (await session.execute(audience_parts(account, audience, content.channel))).all()
    digests = [digest for row in rows for digest in row.digests]
    if not digests:
        address = "an e-mail address" if content.sms is None else "a phone number"
        message = f"Nobody is in the audience: no contact of it has {address}."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, FIELD)
    check_number(len(digests), FIELD)
    sender = await read_sender(session, account, audience.list_ids)
    given = Recipients(digests=digests)
    left_out = await find_left_out(WritingPlanes(session, sender), sender, SendStream.MARKETING, given)
    left = [digest for digest in digests if digest not in left_out.causes]
    if not left:
        number = counted(len(digests), "recipient")
        message = f"Nobody is left of {number}: each is blocked, has unsubscribed or bounced."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, FIELD)
    return left, left_out


async def _newest(session: WriteSession, account: Authorized, template_id: TemplateId) -> Version:
    """The template's newest version. In the data plane. Raises NOT_FOUND for one that was deleted."""
    found, version = templates.alias(), template_versions.alias()
    newest = in_tree(version, found, account_id="account_id", template_id="id", number="version")
    statement = (
        select(version.c.id, version.c.number, version.c.text)
        .select_from(found.join(version, newest))
        .where(
            in_account(found, account),
            in_account(version, account),
            found.c.id == template_id,
            found.c.deleted_at.is_(None),
        )
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("templateId")
    return Version(row.id, row.number, row.text)


def _first_id() -> uuid.UUID:
    """Room behind it for one id for each recipient."""
    return uuid.UUID(int=new_id().int >> _ROOM << _ROOM)
