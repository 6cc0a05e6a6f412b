"""What platform staff change, and what accounts ask of them."""

import datetime

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, OverrideId
from models.staff.overrides import OverrideKind, UnsubscribeScope
from resolvers.inputs.global_ids import required
from resolvers.members.change import membership_id_of
from resolvers.staff import override, reads, request_subaccounts, subaccounts_requests
from resolvers.staff.override_values import OverrideValue
from schema.fields.context import Context
from schema.fields.dry_runs import dry_run
from schema.fields.ids import account_id
from schema.fields.marks import STAFF_ONLY, needs
from schema.fields.mutation import mutation
from schema.fields.payloads import AccessPayload, Payload, payload
from schema.fields.updates import set_or_none
from schema.staff.types import StaffAccount, StaffOverride, SubaccountsRequest

_REASON = "1 to 200 characters; the account reads it in its log."


@strawberry.input(description="A request that platform support unlock subaccounts.")
class SubaccountsRequestInput:
    account_id: strawberry.ID = strawberry.field(description="The master account.")
    reason: str = strawberry.field(description="What you need them for, 1 to 200 characters.")


@strawberry.input(description="A request for subaccounts shall not be answered any more.")
class SubaccountsRequestWithdrawInput:
    account_id: strawberry.ID = strawberry.field(description="The master account.")


@entity(None, carries={"request_id": Uuid()})
class SubaccountsRequestPayload(Payload):
    """A request that was made or taken back."""

    request: SubaccountsRequest | None = to_one(subaccounts_requests.of_result)


@strawberry.input(description="Something to be set in an account, for a reason and until a day.")
class OverrideCreateInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    kind: OverrideKind = strawberry.field(description="What to set.")
    unsubscribe_scope: UnsubscribeScope | None = strawberry.field(
        default=None, description="For UNSUBSCRIBE_SCOPE, and for no other kind."
    )
    sending_domains: int | None = strawberry.field(
        default=None, description="For SENDING_DOMAINS, and for no other kind: how many, 1 to 10,000."
    )
    field_functions: bool | None = strawberry.field(
        default=None, description="For FIELD_FUNCTIONS, and for no other kind: whether they work."
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="For USER_RIGHTS, and for no other kind: whose rights, a member of the account.",
    )
    permissions: list[Permission] | None = strawberry.field(
        default=None,
        description="For USER_RIGHTS, and for no other kind: what the member's role gives in the accounts "
        "below at most; ACCOUNT_READ comes with any. With an empty list it gives nothing there.",
    )
    reason: str = strawberry.field(description=f"Why. {_REASON}")
    expires_at: datetime.datetime = strawberry.field(
        description="When it ends by itself, at most a year ahead."
    )
    dry_run: bool = dry_run()


@strawberry.input(description="An override that waits for approval.")
class OverrideApproveInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    override_id: strawberry.ID = strawberry.field(description="The override.")


@strawberry.input(description="An override that shall hold no longer.")
class OverrideEndInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    override_id: strawberry.ID = strawberry.field(description="The override.")
    reason: str = strawberry.field(description=f"Why. {_REASON}")
    dry_run: bool = dry_run()


@strawberry.input(description="No, to an account's request for subaccounts.")
class SubaccountsRequestDeclineInput:
    account_id: strawberry.ID = strawberry.field(description="The account that asks.")
    reason: str = strawberry.field(description=f"Why not. {_REASON}")


@entity(None, carries={"account_id": Uuid(), "override_id": Uuid()})
class OverridePayload(AccessPayload):
    """An override that was made or ended."""

    override: StaffOverride | None = to_one(reads.override_of_result)


@entity(None, carries={"account_id": Uuid(), "override_id": Uuid()})
class OverrideApprovePayload(Payload):
    """An override that was approved."""

    override: StaffOverride | None = to_one(reads.override_of_result)


@entity(None, carries={"account_id": Uuid()})
class SubaccountsRequestDeclinePayload(Payload):
    """A request that was declined."""

    account: StaffAccount | None = to_one(reads.account_of_result)


@strawberry.type
class StaffMutation:
    @mutation(needs(Permission.SUBACCOUNTS_WRITE))
    async def subaccounts_request(
        self, session: WriteSession, principal: Principal, context: Context, input: SubaccountsRequestInput
    ) -> SubaccountsRequestPayload:
        """Ask platform support to unlock subaccounts for the whole tree, where the platform does not leave
        them to its customers. One request can wait at a time."""
        made = await request_subaccounts.request_subaccounts(
            session,
            principal,
            account_id(input.account_id),
            input.reason,
            context.deployment.subaccount_set_up,
        )
        return payload(SubaccountsRequestPayload, request_id=made.request_id)

    @mutation(needs(Permission.SUBACCOUNTS_WRITE))
    async def subaccounts_request_withdraw(
        self, session: WriteSession, principal: Principal, input: SubaccountsRequestWithdrawInput
    ) -> SubaccountsRequestPayload:
        """Take back the request that waits for platform support; nothing else changes."""
        taken_back = await request_subaccounts.withdraw_subaccounts_request(
            session, principal, account_id(input.account_id)
        )
        return payload(SubaccountsRequestPayload, request_id=taken_back.request_id)

    @mutation(STAFF_ONLY)
    async def override_create(
        self, session: WriteSession, principal: Principal, input: OverrideCreateInput
    ) -> OverridePayload:
        """Set something in an account that only platform support sets, in place of what is set of that kind.
        UNSUBSCRIBE_SCOPE and REVIEW_APPROVED hold once somebody else of the staff approves."""
        command = override.OverrideCreation(
            account_id=account_id(input.account_id),
            kind=input.kind,
            value=_value(input),
            reason=input.reason,
            expires_at=input.expires_at,
        )
        return _payload(await override.create_override(session, principal, command))

    @mutation(STAFF_ONLY)
    async def override_approve(
        self, session: WriteSession, principal: Principal, input: OverrideApproveInput
    ) -> OverrideApprovePayload:
        """Put in force what somebody else of the staff has asked for. Needs the role APPROVER."""
        made = await override.approve_override(
            session, principal, account_id(input.account_id), _override_id(input.override_id)
        )
        return payload(OverrideApprovePayload, account_id=made.account_id, override_id=made.override_id)

    @mutation(STAFF_ONLY)
    async def override_end(
        self, session: WriteSession, principal: Principal, input: OverrideEndInput
    ) -> OverridePayload:
        """End an override at once, whether it holds or waits."""
        ended = await override.end_override(
            session, principal, account_id(input.account_id), _override_id(input.override_id), input.reason
        )
        return _payload(ended)

    @mutation(STAFF_ONLY)
    async def subaccounts_request_decline(
        self, session: WriteSession, principal: Principal, input: SubaccountsRequestDeclineInput
    ) -> SubaccountsRequestDeclinePayload:
        """Answer an account's request for subaccounts with no; `overrideCreate` is the yes."""
        declined = await request_subaccounts.decline_subaccounts(
            session, principal, account_id(input.account_id), input.reason
        )
        return payload(SubaccountsRequestDeclinePayload, account_id=declined)


def _value(input: OverrideCreateInput) -> OverrideValue:
    member_id = input.member_id
    return OverrideValue(
        unsubscribe_scope=input.unsubscribe_scope,
        sending_domains=input.sending_domains,
        field_functions=input.field_functions,
        member_id=None if member_id is None else membership_id_of(member_id),
        permissions=set_or_none(input.permissions),
    )


def _override_id(text: strawberry.ID) -> OverrideId:
    return OverrideId(required(Kind.OVERRIDE, text, "overrideId"))


def _payload(made: override.OverrideMade) -> OverridePayload:
    return payload(OverridePayload, account_id=made.account_id, override_id=made.override_id)
