"""The rows of the matrix for campaigns."""

from functools import partial

from models.base.ids import Kind
from models.campaigns.tables import CampaignStatus
from tests.areas.sending.matrix import CAMPAIGN_SENDERS
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, OUTSIDE, PROGRAMS, Stage, once
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, Query, Subscription, Values, gated, table
from tests.world.campaigns import campaign_id, give_campaign, give_sendable, tomorrow
from tests.world.templates import give_template, template_id

ACCOUNT_FIELDS = {"campaigns": ("CAMPAIGNS_READ", CAMPAIGN_SENDERS)}
"""They hold all permissions of the area."""


async def _campaign(stage: Stage, status: CampaignStatus = CampaignStatus.DRAFT) -> str:
    return campaign_id(await give_campaign(stage.world, stage.account, status=status))


async def _create(stage: Stage) -> Values:
    template = template_id(stage.account, await give_template(stage.world, stage.account, once()))
    return {"accountId": stage.account.id, "name": once(), "templateId": template}


async def _update(stage: Stage) -> Values:
    return {"campaignId": await _campaign(stage), "expectedVersion": 1, "name": once()}


async def _sendable(stage: Stage, status: CampaignStatus) -> str:
    return campaign_id(
        await give_sendable(stage.world, stage.account, f"{once()}@example.com", status=status)
    )


async def _send(stage: Stage, status: CampaignStatus = CampaignStatus.DRAFT) -> Values:
    return {"campaignId": await _sendable(stage, status), "expectedVersion": 1}


async def _schedule(stage: Stage) -> Values:
    return {**await _send(stage), "startsAt": tomorrow()}


async def _approve(stage: Stage) -> Values:
    return await _send(stage, CampaignStatus.AWAITING_APPROVAL)


async def _resume(stage: Stage) -> Values:
    return {"campaignId": await _sendable(stage, CampaignStatus.PAUSED)}


async def _one(stage: Stage, status: CampaignStatus) -> Values:
    return {"campaignId": await _campaign(stage, status)}


async def _by_id(stage: Stage) -> Values:
    return {"id": await _campaign(stage)}


async def _copy(stage: Stage) -> Values:
    return {"campaignId": await _campaign(stage), "accountId": stage.account.id}


_WRITE = "CAMPAIGNS_WRITE", gated("CAMPAIGNS_WRITE", CAMPAIGN_SENDERS)
_SEND = "CAMPAIGNS_SEND", gated("CAMPAIGNS_SEND", CAMPAIGN_SENDERS)
_BY_A_PERSON = table(
    (ANONYMOUS, "UNAUTHENTICATED"),
    (OUTSIDE, "NOT_FOUND"),
    (INSIDE - CAMPAIGN_SENDERS, "FORBIDDEN CAMPAIGNS_SEND"),
    (CAMPAIGN_SENDERS & PROGRAMS, "SECOND_PERSON_REQUIRED"),
    (CAMPAIGN_SENDERS - PROGRAMS, DONE),
)

MUTATIONS = {
    "campaignCreate": Mutation(*_WRITE, _create),
    "campaignUpdate": Mutation(*_WRITE, _update),
    "campaignDelete": Mutation(*_WRITE, partial(_one, status=CampaignStatus.DRAFT)),
    "campaignCopy": Mutation(*_WRITE, _copy),
    "campaignSend": Mutation(*_SEND, _send),
    "campaignSchedule": Mutation(*_SEND, _schedule),
    "campaignApprove": Mutation("CAMPAIGNS_SEND", _BY_A_PERSON, _approve),
    "campaignPause": Mutation(*_SEND, partial(_one, status=CampaignStatus.SENDING)),
    "campaignResume": Mutation(*_SEND, _resume),
    "campaignCancel": Mutation(*_SEND, partial(_one, status=CampaignStatus.SENDING)),
}

QUERIES = {
    "campaignPreview": Query(
        "CAMPAIGNS_SEND",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - CAMPAIGN_SENDERS, "FORBIDDEN CAMPAIGNS_SEND"),
            (CAMPAIGN_SENDERS, DONE),
        ),
        "{ recipients }",
        partial(_one, status=CampaignStatus.DRAFT),
    ),
    "campaign": Query(
        "CAMPAIGNS_READ",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            ((INSIDE | OUTSIDE) - CAMPAIGN_SENDERS, "NOT_FOUND"),
            (CAMPAIGN_SENDERS, DONE),
        ),
        "{ status }",
        _by_id,
    ),
}

SUBSCRIPTIONS = {
    "campaign": Subscription("CAMPAIGNS_READ", CAMPAIGN_SENDERS, "{ status }", _by_id, is_found_by_id=True),
}

NODES = {Kind.CAMPAIGN: NodeOf(_campaign, CAMPAIGN_SENDERS)}
