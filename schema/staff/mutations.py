"""What platform staff change."""

import datetime

import strawberry
from sqlalchemy import Uuid

from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind, OverrideId
from models.staff.overrides import OverrideKind, UnsubscribeScope
from resolvers.inputs.global_ids import required
from resolvers.members.change import membership_id_of
from resolvers.staff import override as writes
from resolvers.staff import reads
from resolvers.staff import request_subaccounts as requests
from resolvers.staff.override_values import OverrideValue
from schema.fields.access_changes import dry_run
from schema.fields.context import ContextInfo, principal_of
from schema.fields.payloads import AccessPayload, Payload, payload
from schema.fields.writes import STAFF_ONLY, perform
from schema.staff.types import StaffAccount, StaffOverride

_REASON = "1 to 200 characters; the account reads it in its log."


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
class OverrideMutation:
    @strawberry.mutation(
        directives=STAFF_ONLY,
        description="Set something in an account that only platform support sets, in place of what is set of "
        "that kind. UNSUBSCRIBE_SCOPE and REVIEW_APPROVED hold once somebody else of the staff approves.",
    )
    async def override_create(self, info: ContextInfo, input: OverrideCreateInput) -> OverridePayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> OverridePayload:
            command = writes.OverrideCreation(
                _account_id(input.account_id),
                input.kind,
                _value(input),
                input.reason,
                input.expires_at,
            )
            return _payload(await writes.create_override(session, principal, command))

        return await perform(info, OverridePayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=STAFF_ONLY,
        description="Put in force what somebody else of the staff has asked for. Needs the role APPROVER.",
    )
    async def override_approve(
        self, info: ContextInfo, input: OverrideApproveInput
    ) -> OverrideApprovePayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> OverrideApprovePayload:
            account_id, override_id = _account_id(input.account_id), _override_id(input.override_id)
            made = await writes.approve_override(session, principal, account_id, override_id)
            return payload(OverrideApprovePayload, account_id=made.account_id, override_id=made.override_id)

        return await perform(info, OverrideApprovePayload, write)

    @strawberry.mutation(
        directives=STAFF_ONLY, description="End an override at once, whether it holds or waits."
    )
    async def override_end(self, info: ContextInfo, input: OverrideEndInput) -> OverridePayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> OverridePayload:
            account_id, override_id = _account_id(input.account_id), _override_id(input.override_id)
            ended = await writes.end_override(session, principal, account_id, override_id, input.reason)
            return _payload(ended)

        return await perform(info, OverridePayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=STAFF_ONLY,
        description="Answer an account's request for subaccounts with no; `overrideCreate` is the yes.",
    )
    async def subaccounts_request_decline(
        self, info: ContextInfo, input: SubaccountsRequestDeclineInput
    ) -> SubaccountsRequestDeclinePayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> SubaccountsRequestDeclinePayload:
            account_id = _account_id(input.account_id)
            declined = await requests.decline_subaccounts(session, principal, account_id, input.reason)
            return payload(SubaccountsRequestDeclinePayload, account_id=declined)

        return await perform(info, SubaccountsRequestDeclinePayload, write)


def _account_id(text: strawberry.ID) -> AccountId:
    return AccountId(required(Kind.ACCOUNT, text, "accountId"))


def _value(input: OverrideCreateInput) -> OverrideValue:
    member_id, permissions = input.member_id, input.permissions
    return OverrideValue(
        input.unsubscribe_scope,
        input.sending_domains,
        input.field_functions,
        None if member_id is None else membership_id_of(member_id),
        None if permissions is None else frozenset(permissions),
    )


def _override_id(text: strawberry.ID) -> OverrideId:
    return OverrideId(required(Kind.OVERRIDE, text, "overrideId"))


def _payload(made: writes.OverrideMade) -> OverridePayload:
    return payload(OverridePayload, account_id=made.account_id, override_id=made.override_id)
