"""Inputs of mutations of campaigns."""

from collections.abc import Sequence

import strawberry

from models.base.ids import CampaignId, IdInAccount, Kind
from models.campaigns.tables import MOST_LISTS
from resolvers.campaigns.change import LONGEST_VALUE, MOST_PER_HOUR
from resolvers.inputs.global_ids import required, required_in_account
from resolvers.templates.sms_parts import MOST_SMS_PARTS
from schema.fields.updates import expected_version, may_stay

NAME = "1 to 200 characters, without invisible ones. No recipient sees it."
TEMPLATE = "A template of the account. The version that is the newest at the start is sent."
SMS_SENDER = (
    "Of a template for SMS, which needs it: whom the SMS come from, a name of 1 to 11 letters and digits, or "
    "a phone number with `+`."
)
MOST_PARTS = (
    "Of a template for SMS, which needs it: in how many parts an SMS is sent at most, 1 to "
    f"{MOST_SMS_PARTS}. Each counts as so many sends, also where its text needs fewer. If it needs more, it "
    "fails."
)
LABEL = "The team that it belongs to, as in `sendReserve`."
LISTS = (
    f"Contact lists of the account, at most {MOST_LISTS}: whoever is in one of them and has an e-mail "
    "address, or for SMS a phone number. None: all contacts that have the attribute."
)
EXCLUDED = f"Contact lists whose contacts get nothing, at most {MOST_LISTS}."
ATTRIBUTE = "Only contacts that have a value of the attribute with this name; with `value`, this value."
VALUE = (
    "The attribute's value as a text, as for `Account.contacts`, at most "
    f"{LONGEST_VALUE:,} characters. Needs `attribute`."
)
PER_HOUR = (
    f"The most messages that are handed over in an hour, at most {MOST_PER_HOUR:,}. If it is left out, as "
    "many as can be."
)
CAMPAIGN = "The campaign."


@strawberry.input(description="A new campaign.")
class CampaignCreateInput:
    account_id: strawberry.ID = strawberry.field(description="The account that sends.")
    name: str = strawberry.field(description=NAME)
    template_id: strawberry.ID = strawberry.field(description=TEMPLATE)
    label: str | None = strawberry.field(default=None, description=LABEL)
    contact_list_ids: list[strawberry.ID] | None = strawberry.field(default=None, description=LISTS)
    excluded_contact_list_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description=EXCLUDED
    )
    attribute: str | None = strawberry.field(default=None, description=ATTRIBUTE)
    value: str | None = strawberry.field(default=None, description=VALUE)
    messages_per_hour: int | None = strawberry.field(default=None, description=PER_HOUR)
    sms_sender: str | None = strawberry.field(default=None, description=SMS_SENDER)
    most_parts: int | None = strawberry.field(default=None, description=MOST_PARTS)


@strawberry.input(description="A campaign's new values. Fields that are left out stay as they are.")
class CampaignUpdateInput:
    campaign_id: strawberry.ID = strawberry.field(description=CAMPAIGN)
    expected_version: int = expected_version()
    name: str | None = may_stay(NAME)
    template_id: strawberry.ID | None = may_stay(TEMPLATE)
    label: str | None = may_stay(f"{LABEL} Null removes it.")
    contact_list_ids: list[strawberry.ID] | None = may_stay(LISTS)
    excluded_contact_list_ids: list[strawberry.ID] | None = may_stay(EXCLUDED)
    attribute: str | None = may_stay(f"{ATTRIBUTE} Null removes it.")
    value: str | None = may_stay(f"{VALUE} Null removes it.")
    messages_per_hour: int | None = may_stay(f"{PER_HOUR} Null removes it.")
    sms_sender: str | None = may_stay(f"{SMS_SENDER} Null removes it.")
    most_parts: int | None = may_stay(f"{MOST_PARTS} Null removes it.")


@strawberry.input(description="The campaign to delete.")
class CampaignDeleteInput:
    campaign_id: strawberry.ID = strawberry.field(description=CAMPAIGN)


@strawberry.input(description="The campaign to send now.")
class CampaignSendInput:
    campaign_id: strawberry.ID = strawberry.field(description=CAMPAIGN)
    expected_version: int = expected_version()


@strawberry.input(description="The campaign to send later.")
class CampaignScheduleInput:
    campaign_id: strawberry.ID = strawberry.field(description=CAMPAIGN)
    expected_version: int = expected_version()
    starts_at: str = strawberry.field(
        description="The date and time in the account's time zone, such as `2026-03-29T09:30`, at most 366 "
        "days ahead. A time that clocks skip is the next one that there is; of one that comes twice it is "
        "the first."
    )


@strawberry.input(description="The campaign to approve.")
class CampaignApproveInput:
    campaign_id: strawberry.ID = strawberry.field(description=CAMPAIGN)
    expected_version: int = expected_version()


@strawberry.input(description="The campaign to pause.")
class CampaignPauseInput:
    campaign_id: strawberry.ID = strawberry.field(description=CAMPAIGN)


@strawberry.input(description="The campaign to go on with.")
class CampaignResumeInput:
    campaign_id: strawberry.ID = strawberry.field(description=CAMPAIGN)


@strawberry.input(description="The campaign to cancel.")
class CampaignCancelInput:
    campaign_id: strawberry.ID = strawberry.field(description=CAMPAIGN)


@strawberry.input(description="The campaign to copy, and where to.")
class CampaignCopyInput:
    campaign_id: strawberry.ID = strawberry.field(description=CAMPAIGN)
    account_id: strawberry.ID = strawberry.field(
        description="The account that gets the copy: the same one, or another one of its tree."
    )


def campaign_id(text: str) -> CampaignId:
    """The campaign that an input names. Raises NOT_FOUND."""
    return CampaignId(required(Kind.CAMPAIGN, text, "campaignId"))


def template_id(text: str) -> IdInAccount:
    """The template that an input names. Raises NOT_FOUND."""
    return required_in_account(Kind.TEMPLATE, text, "templateId")


def lists(texts: Sequence[str], field: str) -> Sequence[IdInAccount]:
    """The contact lists that the input's field names. Raises NOT_FOUND."""
    return [required_in_account(Kind.CONTACT_LIST, each, field) for each in texts]
