"""Mutations of platform staff, and requests to them."""

import datetime

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, OverrideId
from models.staff.overrides import OverrideKind, UnsubscribeScope
from resolvers.accounts import staff_status
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

_REASON = "The reason, 1 to 200 characters. The account can read it in its log."


@strawberry.input(description="A request to platform support to unlock subaccounts.")
class SubaccountsRequestInput:
    account_id: strawberry.ID = strawberry.field(description="The master account.")
    reason: str = strawberry.field(description="Why you need subaccounts, 1 to 200 characters.")


@strawberry.input(description="The account whose request for subaccounts is withdrawn.")
class SubaccountsRequestWithdrawInput:
    account_id: strawberry.ID = strawberry.field(description="The master account.")


@entity(None, carries={"request_id": Uuid()})
class SubaccountsRequestPayload(Payload):
    """The request that was made or withdrawn."""

    request: SubaccountsRequest | None = to_one(subaccounts_requests.of_result)


@strawberry.input(description="An override to set in an account, with a reason and an end.")
class OverrideCreateInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    kind: OverrideKind = strawberry.field(description="The kind of override.")
    unsubscribe_scope: UnsubscribeScope | None = strawberry.field(
        default=None, description="The value for UNSUBSCRIBE_SCOPE; only for that kind."
    )
    sending_domains: int | None = strawberry.field(
        default=None,
        description="The number of domains for SENDING_DOMAINS, 1 to 10,000; only for that kind.",
    )
    field_functions: bool | None = strawberry.field(
        default=None, description="Whether field functions work, for FIELD_FUNCTIONS; only for that kind."
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The member whose rights are limited, for USER_RIGHTS; only for that kind.",
    )
    permissions: list[Permission] | None = strawberry.field(
        default=None,
        description="The most that the member's role gives in the accounts below, for USER_RIGHTS; only for "
        "that kind. ACCOUNT_READ is added to any other permission. An empty list gives nothing there.",
    )
    reason: str = strawberry.field(description="The reason, 1 to 200 characters. The account can read it.")
    expires_at: datetime.datetime = strawberry.field(description="When it expires, at most one year ahead.")
    dry_run: bool = dry_run()


@strawberry.input(description="The override to approve.")
class OverrideApproveInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    override_id: strawberry.ID = strawberry.field(description="The override.")


@strawberry.input(description="The override to end.")
class OverrideEndInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    override_id: strawberry.ID = strawberry.field(description="The override.")
    reason: str = strawberry.field(description="The reason, 1 to 200 characters. The account can read it.")
    dry_run: bool = dry_run()


@strawberry.input(description="The request to decline, by its account.")
class SubaccountsRequestDeclineInput:
    account_id: strawberry.ID = strawberry.field(description="The account that made the request.")
    reason: str = strawberry.field(description=_REASON)


@strawberry.input(description="The master account that platform staff suspend or resume.")
class AccountStaffStatusInput:
    account_id: strawberry.ID = strawberry.field(description="The master account.")
    reason: str = strawberry.field(
        description="The reason, 1 to 200 characters. The account can read it in its log, and its owners get "
        "it by e-mail."
    )


@entity(None, carries={"account_id": Uuid()})
class AccountStaffStatusPayload(Payload):
    """The account that was suspended or resumed."""

    account: StaffAccount | None = to_one(reads.account_of_result)


@entity(None, carries={"account_id": Uuid(), "override_id": Uuid()})
class OverridePayload(AccessPayload):
    """The override that was set or ended."""

    override: StaffOverride | None = to_one(reads.override_of_result)


@entity(None, carries={"account_id": Uuid(), "override_id": Uuid()})
class OverrideApprovePayload(Payload):
    """The approved override."""

    override: StaffOverride | None = to_one(reads.override_of_result)


@entity(None, carries={"account_id": Uuid()})
class SubaccountsRequestDeclinePayload(Payload):
    """The account whose request was declined."""

    account: StaffAccount | None = to_one(reads.account_of_result)


@strawberry.type
class StaffMutation:
    @mutation(needs(Permission.SUBACCOUNTS_WRITE))
    async def subaccounts_request(
        self, session: WriteSession, principal: Principal, context: Context, input: SubaccountsRequestInput
    ) -> SubaccountsRequestPayload:
        """Ask platform support to unlock subaccounts for the whole tree, where the platform requires this.
        One request can be pending at a time."""
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
        """Withdraw the pending request to platform support. Nothing else changes."""
        taken_back = await request_subaccounts.withdraw_subaccounts_request(
            session, principal, account_id(input.account_id)
        )
        return payload(SubaccountsRequestPayload, request_id=taken_back.request_id)

    @mutation(STAFF_ONLY)
    async def override_create(
        self, session: WriteSession, principal: Principal, input: OverrideCreateInput
    ) -> OverridePayload:
        """Set an override in an account. It replaces an earlier override of the same kind. UNSUBSCRIBE_SCOPE
        and REVIEW_APPROVED take effect when another member of the staff approves them."""
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
        """Approve an override that another member of the staff created. Needs the staff role APPROVER."""
        made = await override.approve_override(
            session, principal, account_id(input.account_id), _override_id(input.override_id)
        )
        return payload(OverrideApprovePayload, account_id=made.account_id, override_id=made.override_id)

    @mutation(STAFF_ONLY)
    async def override_end(
        self, session: WriteSession, principal: Principal, input: OverrideEndInput
    ) -> OverridePayload:
        """End an override at once, whether it is in force or waiting for approval."""
        ended = await override.end_override(
            session, principal, account_id(input.account_id), _override_id(input.override_id), input.reason
        )
        return _payload(ended)

    @mutation(STAFF_ONLY)
    async def subaccounts_request_decline(
        self, session: WriteSession, principal: Principal, input: SubaccountsRequestDeclineInput
    ) -> SubaccountsRequestDeclinePayload:
        """Decline an account's request for subaccounts. To grant it, use `overrideCreate`."""
        declined = await request_subaccounts.decline_subaccounts(
            session, principal, account_id(input.account_id), input.reason
        )
        return payload(SubaccountsRequestDeclinePayload, account_id=declined)

    @mutation(STAFF_ONLY)
    async def account_staff_suspend(
        self, session: WriteSession, principal: Principal, input: AccountStaffStatusInput
    ) -> AccountStaffStatusPayload:
        """Suspend a master account and everything below it: it can be read but not changed. Its owners are
        told by e-mail. A subaccount answers FAILED_PRECONDITION: an account above suspends it."""
        account = account_id(input.account_id)
        done = await staff_status.suspend_by_staff(session, principal, account, input.reason)
        return payload(AccountStaffStatusPayload, account_id=done)

    @mutation(STAFF_ONLY)
    async def account_staff_resume(
        self, session: WriteSession, principal: Principal, input: AccountStaffStatusInput
    ) -> AccountStaffStatusPayload:
        """Resume a suspended master account. Its owners are told by e-mail. A subaccount answers
        FAILED_PRECONDITION: an account above resumes it."""
        account = account_id(input.account_id)
        done = await staff_status.resume_by_staff(session, principal, account, input.reason)
        return payload(AccountStaffStatusPayload, account_id=done)


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
