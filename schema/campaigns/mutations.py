"""Mutations of campaigns."""

import strawberry

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, present
from resolvers.campaigns import change, copy, hold, send
from schema.campaigns import inputs
from schema.campaigns.payloads import CampaignDeletePayload, CampaignPayload
from schema.fields.context import Context
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import payload
from schema.fields.updates import converted, given, given_value

_LISTS, _EXCLUDED = "contactListIds", "excludedContactListIds"


@strawberry.type
class CampaignMutation:
    @mutation(needs(Permission.CAMPAIGNS_WRITE))
    async def campaign_create(
        self, session: WriteSession, principal: Principal, input: inputs.CampaignCreateInput
    ) -> CampaignPayload:
        """Create a campaign: a draft. An account has at most 1,000 that are not over."""
        command = change.CampaignCreation(
            account_id=account_id(input.account_id),
            name=input.name,
            template_id=inputs.template_id(input.template_id),
            label=input.label,
            list_ids=inputs.lists(input.contact_list_ids or (), _LISTS),
            excluded_ids=inputs.lists(input.excluded_contact_list_ids or (), _EXCLUDED),
            attribute=input.attribute,
            value=input.value,
            messages_per_hour=input.messages_per_hour,
            sms_sender=input.sms_sender,
            most_parts=input.most_parts,
        )
        _, created = await change.create_campaign(session, principal, command)
        return payload(CampaignPayload, campaign_id=created)

    @mutation(needs(Permission.CAMPAIGNS_WRITE))
    async def campaign_update(
        self, session: WriteSession, principal: Principal, input: inputs.CampaignUpdateInput
    ) -> CampaignPayload:
        """Change a draft, or a campaign that failed, which becomes a draft again. FAILED_PRECONDITION for
        what is scheduled or was sent: cancel what is scheduled first."""
        lists = given_value(input.contact_list_ids, _LISTS)
        excluded = given_value(input.excluded_contact_list_ids, _EXCLUDED)
        command = change.CampaignUpdate(
            campaign_id=inputs.campaign_id(input.campaign_id),
            expected_version=input.expected_version,
            name=given_value(input.name, "name"),
            template_id=converted(given_value(input.template_id, "templateId"), inputs.template_id),
            label=given(input.label),
            list_ids=converted(lists, lambda ids: inputs.lists(ids, _LISTS)),
            excluded_ids=converted(excluded, lambda ids: inputs.lists(ids, _EXCLUDED)),
            attribute=given(input.attribute),
            value=given(input.value),
            messages_per_hour=given(input.messages_per_hour),
            sms_sender=given(input.sms_sender),
            most_parts=given(input.most_parts),
        )
        changed = await change.update_campaign(session, principal, command)
        return payload(CampaignPayload, campaign_id=changed.id)

    @mutation(needs(Permission.CAMPAIGNS_WRITE))
    async def campaign_delete(
        self, session: WriteSession, principal: Principal, input: inputs.CampaignDeleteInput
    ) -> CampaignDeletePayload:
        """Delete a draft, or a campaign that failed. FAILED_PRECONDITION for any other."""
        deleted = await change.delete_campaign(session, principal, inputs.campaign_id(input.campaign_id))
        return payload(
            CampaignDeletePayload,
            account_id=deleted.account.account_id,
            removed_campaign_id=strawberry.ID(present(Kind.CAMPAIGN, deleted.id)),
        )

    @mutation(needs(Permission.CAMPAIGNS_SEND))
    async def campaign_send(
        self,
        session: WriteSession,
        principal: Principal,
        context: Context,
        input: inputs.CampaignSendInput,
    ) -> CampaignPayload:
        """Send a draft now. Who is sent to, and what, is fixed by this. All sends are counted and paid at
        once, like those of `sendReserve` and `sendCommit`: all of them or none. Workers write the messages
        and hand them over. Where the setting `campaignApproval` is ANOTHER_PERSON, it awaits approval first.
        It also needs CONTACTS_READ and TEMPLATES_READ. FAILED_PRECONDITION unless it is DRAFT or FAILED."""
        command = send.CampaignSending(
            campaign_id=inputs.campaign_id(input.campaign_id), expected_version=input.expected_version
        )
        sent = await send.send_campaign(session, principal, command, context.deployment.review)
        return payload(CampaignPayload, campaign_id=sent.id)

    @mutation(needs(Permission.CAMPAIGNS_SEND))
    async def campaign_schedule(
        self,
        session: WriteSession,
        principal: Principal,
        context: Context,
        input: inputs.CampaignScheduleInput,
    ) -> CampaignPayload:
        """Send a draft at a date and time. At that moment it does what `campaignSend` does, and all is asked
        and counted then. If something refuses it, it is FAILED and says why. It also needs CONTACTS_READ and
        TEMPLATES_READ. Who asked for it may lose the rights until then: cancel it if it shall not be sent."""
        command = send.CampaignSending(
            campaign_id=inputs.campaign_id(input.campaign_id),
            expected_version=input.expected_version,
            starts_at=input.starts_at,
        )
        sent = await send.send_campaign(session, principal, command, context.deployment.review)
        return payload(CampaignPayload, campaign_id=sent.id)

    @mutation(needs(Permission.CAMPAIGNS_SEND))
    async def campaign_approve(
        self,
        session: WriteSession,
        principal: Principal,
        context: Context,
        input: inputs.CampaignApproveInput,
    ) -> CampaignPayload:
        """Approve a campaign that awaits it: it starts at its time, or at once. SECOND_PERSON_REQUIRED for
        the person who had it sent, or is responsible for the API key that did, and for API keys. It also
        needs CONTACTS_READ and TEMPLATES_READ. To decline it, cancel it: it is a draft again."""
        command = send.CampaignSending(
            campaign_id=inputs.campaign_id(input.campaign_id), expected_version=input.expected_version
        )
        approved = await send.approve_campaign(session, principal, command, context.deployment.review)
        return payload(CampaignPayload, campaign_id=approved.id)

    @mutation(needs(Permission.CAMPAIGNS_SEND))
    async def campaign_pause(
        self, session: WriteSession, principal: Principal, input: inputs.CampaignPauseInput
    ) -> CampaignPayload:
        """Hand over no more of its messages. At most 100 that a worker has taken at this moment still go out.
        Repeating it changes nothing. FAILED_PRECONDITION for a campaign that is not being sent."""
        paused = await hold.pause_campaign(session, principal, inputs.campaign_id(input.campaign_id))
        return payload(CampaignPayload, campaign_id=paused.id)

    @mutation(needs(Permission.CAMPAIGNS_SEND))
    async def campaign_resume(
        self,
        session: WriteSession,
        principal: Principal,
        context: Context,
        input: inputs.CampaignResumeInput,
    ) -> CampaignPayload:
        """Go on with a campaign that is paused. Its sends are paid already; whether the account may send is
        asked anew. Repeating it changes nothing."""
        named, review = inputs.campaign_id(input.campaign_id), context.deployment.review
        resumed = await hold.resume_campaign(session, principal, named, review)
        return payload(CampaignPayload, campaign_id=resumed.id)

    @mutation(needs(Permission.CAMPAIGNS_SEND))
    async def campaign_cancel(
        self, session: WriteSession, principal: Principal, input: inputs.CampaignCancelInput
    ) -> CampaignPayload:
        """End a campaign for good: its messages that wait reach nobody. All of its sends stay counted and
        paid. One that has not started becomes a draft again. Repeating it changes nothing.
        FAILED_PRECONDITION for a campaign that nobody has asked to send, or that is over."""
        canceled = await hold.cancel_campaign(session, principal, inputs.campaign_id(input.campaign_id))
        return payload(CampaignPayload, campaign_id=canceled.id)

    @mutation(needs(Permission.CAMPAIGNS_WRITE))
    async def campaign_copy(
        self, session: WriteSession, principal: Principal, input: inputs.CampaignCopyInput
    ) -> CampaignPayload:
        """Copy a campaign into an account as a new draft. Into another account its template is copied too, as
        it is now, and contact lists are not: each account has its own. It needs CAMPAIGNS_WRITE there and
        CAMPAIGNS_READ where the campaign is; for another account also TEMPLATES_WRITE and TEMPLATES_READ. To
        copy it into many, give the mutation several times in one request, each under a name of its own."""
        named, to_id = inputs.campaign_id(input.campaign_id), account_id(input.account_id)
        copied = await copy.copy_campaign(session, principal, named, to_id)
        return payload(CampaignPayload, campaign_id=copied)
