"""What a partner's engine tells: unsubscribes, re-subscriptions and bounces."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal
from engine.base.marks import Public
from engine.declare.declarations import entity
from engine.writes.sessions import WriteSession
from models.suppressions.tables import EVIDENCE_LENGTH, BounceKind
from resolvers.inputs.addresses import MOST_ADDRESSES
from resolvers.inputs.text import short_text
from resolvers.suppressions import bounce as bounces
from resolvers.suppressions import resubscribe as resubscriptions
from resolvers.suppressions import unsubscribe as unsubscribes
from resolvers.suppressions.bounce import BounceOutcome
from resolvers.suppressions.reports import CLOCK_MINUTES
from resolvers.suppressions.resubscribe import ResubscribeOutcome
from resolvers.suppressions.unsubscribe import ListId, UnsubscribeOutcome
from schema.fields.addresses import PHONE_COUNTRY, read_given
from schema.fields.context import ContextInfo, principal_of
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.payloads import Payload, payload
from schema.fields.writes import perform, refused
from schema.suppressions.inputs import given_reports, list_id_of, list_id_or_nowhere

_ADDRESS = "An e-mail address, a phone number, or the SHA-256 of one in its canonical form."
_INDEX = "The position of the report in the input, from 0."
_MESSAGE = "What is wrong with it, for people."
_RESULTS = "One for each report, in their order; null if nothing was changed."


@strawberry.input(description="A recipient that has unsubscribed.")
class UnsubscribeInput:
    address: str = strawberry.field(description=_ADDRESS)
    occurred_at: datetime.datetime = strawberry.field(
        description="When the recipient did so: not in the future. Clocks may differ by "
        f"{CLOCK_MINUTES} minutes."
    )
    contact_list_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The contact list that the recipient left. The account stops sending to the recipient "
        "all the same, unless platform support has set that an unsubscribe applies to the list concerned.",
    )


@strawberry.input(description="Recipients of the account that have unsubscribed.")
class UnsubscribeReportInput:
    account_id: strawberry.ID = strawberry.field(description="The account that sent to them.")
    reports: list[UnsubscribeInput] = strawberry.field(description=f"1 to {MOST_ADDRESSES:,} unsubscribes.")
    phone_country: str | None = strawberry.field(default=None, description=PHONE_COUNTRY)


@strawberry.input(description="A message that could not be delivered.")
class BounceInput:
    address: str = strawberry.field(description=_ADDRESS)
    kind: BounceKind = strawberry.field(description="Whether the address can ever be reached.")
    occurred_at: datetime.datetime = strawberry.field(
        description="When it bounced: not in the future. Clocks may differ by "
        f"{CLOCK_MINUTES} minutes. A second report of the same address and moment changes nothing."
    )


@strawberry.input(description="Messages of the account that could not be delivered.")
class BounceReportInput:
    account_id: strawberry.ID = strawberry.field(description="The account that sent them.")
    reports: list[BounceInput] = strawberry.field(description=f"1 to {MOST_ADDRESSES:,} bounces.")
    phone_country: str | None = strawberry.field(default=None, description=PHONE_COUNTRY)


@strawberry.input(description="A recipient that has subscribed again, itself.")
class ResubscribeInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    address: str = strawberry.field(description=_ADDRESS)
    evidence: str = strawberry.field(
        description="How the recipient agreed, such as the form, the time and the confirmation: one line of "
        f"1 to {EVIDENCE_LENGTH:,} characters. It is kept until the recipient unsubscribes again or is "
        "erased."
    )
    contact_list_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The contact list that the recipient has subscribed to. Matters only where an "
        "unsubscribe applies to the list concerned: then that of this list alone is lifted.",
    )
    phone_country: str | None = strawberry.field(default=None, description=PHONE_COUNTRY)


@strawberry.type(description="What became of one unsubscribe.", directives=[Public()])
class UnsubscribeReportResult:
    index: int = strawberry.field(description=_INDEX)
    outcome: UnsubscribeOutcome = strawberry.field(description="Whether it was recorded.")
    message: str | None = strawberry.field(description=_MESSAGE)


@strawberry.type(description="What became of one bounce.", directives=[Public()])
class BounceReportResult:
    index: int = strawberry.field(description=_INDEX)
    outcome: BounceOutcome = strawberry.field(description="Whether it was recorded.")
    message: str | None = strawberry.field(description=_MESSAGE)


@entity(None)
class UnsubscribeReportPayload(Payload):
    """What became of the unsubscribes."""

    results: list[UnsubscribeReportResult] | None = strawberry.field(default=None, description=_RESULTS)


@entity(None)
class BounceReportPayload(Payload):
    """What became of the bounces."""

    results: list[BounceReportResult] | None = strawberry.field(default=None, description=_RESULTS)


@entity(None)
class ResubscribePayload(Payload):
    """What became of the unsubscribe."""

    outcome: ResubscribeOutcome | None = strawberry.field(
        default=None, description="Whether it was lifted; null if the request was refused."
    )


@strawberry.type
class SuppressionMutation:
    @strawberry.mutation(
        directives=needs(Permission.CONTACTS_WRITE),
        description="Report recipients that have unsubscribed, as your sending engine has noticed. The "
        "account sends them nothing more on the stream MARKETING; accounts above and below it are not "
        "concerned. Each report has a result of its own, and to repeat one changes nothing.",
    )
    async def unsubscribe_report(
        self, info: ContextInfo, input: UnsubscribeReportInput
    ) -> UnsubscribeReportPayload:
        principal = principal_of(info)

        def told(report: UnsubscribeInput) -> ListId:
            return list_id_or_nowhere(sender_id, report.contact_list_id)

        try:
            sender_id = account_id(input.account_id)
            key = info.context.deployment.contact_key
            reports = await given_reports(key, input.reports, told, input.phone_country)
        except Refusal as refusal:
            return refused(info, UnsubscribeReportPayload, refusal)

        async def write(session: WriteSession) -> UnsubscribeReportPayload:
            command = unsubscribes.Unsubscribes(account_id=sender_id, reports=reports)
            found = await unsubscribes.record_unsubscribes(session, principal, command)
            results = [
                UnsubscribeReportResult(index=index, outcome=each.outcome, message=each.message)
                for index, each in enumerate(found)
            ]
            return payload(UnsubscribeReportPayload, results=results)

        return await perform(info, UnsubscribeReportPayload, write)

    @strawberry.mutation(
        directives=needs(Permission.CONTACTS_WRITE),
        description="Report messages that could not be delivered. An address that bounces for good, or too "
        "often, is not sent to any more by the account. Nobody can lift that. Each report has a result of "
        "its own, and to repeat one changes nothing.",
    )
    async def bounce_report(self, info: ContextInfo, input: BounceReportInput) -> BounceReportPayload:
        principal = principal_of(info)
        try:
            sender_id = account_id(input.account_id)
            key = info.context.deployment.contact_key
            reports = await given_reports(key, input.reports, _kind_of, input.phone_country)
        except Refusal as refusal:
            return refused(info, BounceReportPayload, refusal)

        async def write(session: WriteSession) -> BounceReportPayload:
            command = bounces.Bounces(account_id=sender_id, reports=reports)
            found = await bounces.record_bounces(session, principal, command)
            results = [
                BounceReportResult(index=index, outcome=each.outcome, message=each.message)
                for index, each in enumerate(found)
            ]
            return payload(BounceReportPayload, results=results)

        return await perform(info, BounceReportPayload, write)

    @strawberry.mutation(
        directives=needs(Permission.CONTACTS_WRITE),
        description="Lift the unsubscribe of a recipient that has subscribed again itself. Block lists and "
        "bounces go on excluding it: `deliverability` says whether it can be sent to.",
    )
    async def resubscribe(self, info: ContextInfo, input: ResubscribeInput) -> ResubscribePayload:
        principal = principal_of(info)
        try:
            sender_id = account_id(input.account_id)
            list_id = list_id_of(sender_id, input.contact_list_id)
            evidence = short_text(input.evidence, "evidence", EVIDENCE_LENGTH)
            key = info.context.deployment.contact_key
            (address,) = await read_given(key, [input.address], input.phone_country)
        except Refusal as refusal:
            return refused(info, ResubscribePayload, refusal)
        command = resubscriptions.Resubscription(
            account_id=sender_id, address=address, list_id=list_id, evidence=evidence
        )

        async def write(session: WriteSession) -> ResubscribePayload:
            outcome = await resubscriptions.resubscribe(session, principal, command)
            return payload(ResubscribePayload, outcome=outcome)

        return await perform(info, ResubscribePayload, write)


def _kind_of(report: BounceInput) -> BounceKind:
    return report.kind
