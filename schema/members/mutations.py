"""What changes memberships."""

import datetime
import uuid

import strawberry
from sqlalchemy import Uuid

from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind, present
from resolvers.accounts import reads as accounts
from resolvers.inputs.global_ids import required
from resolvers.members import change as writes
from resolvers.members import reads as members
from schema.fields.access_changes import dry_run
from schema.fields.context import ContextInfo, principal_of
from schema.fields.payloads import AccessPayload, payload, removed_id
from schema.fields.references import AccountRef
from schema.fields.updates import converted, expected_version, given, given_value, may_stay
from schema.fields.writes import OPEN, needs, perform
from schema.members.types import Member


@strawberry.input(description="A member's new role or end. What is left out stays.")
class MemberUpdateInput:
    member_id: strawberry.ID = strawberry.field(
        description="The member, by its id in the account that the role is held in."
    )
    expected_version: int = expected_version()
    role_id: strawberry.ID | None = may_stay("The new role, see `Account.roles`.")
    expires_at: datetime.datetime | None = may_stay(
        "When the membership ends by itself; null: never. Ownership never ends by itself."
    )
    dry_run: bool = dry_run()


@strawberry.input(description="Whose membership to end.")
class MemberRemoveInput:
    member_id: strawberry.ID = strawberry.field(
        description="The member, by its id in the account that the role is held in."
    )
    dry_run: bool = dry_run()


@strawberry.input(description="Which account to leave.")
class MemberLeaveInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    dry_run: bool = dry_run()


@entity(None, carries={"membership_id": Uuid()})
class MemberPayload(AccessPayload):
    """A member that was changed."""

    member: Member | None = to_one(members.of_result)


@entity(None, carries={"account_id": Uuid()})
class MemberEndPayload(AccessPayload):
    """The account that somebody is no longer a member of."""

    account: AccountRef | None = to_one(accounts.of_result)
    removed_member_id: strawberry.ID | None = removed_id("member")


@strawberry.type
class MemberMutation:
    @strawberry.mutation(
        directives=needs(Permission.MEMBERS_WRITE),
        description="Change a member's role or end. You must hold all that the old and the new role give.",
    )
    async def member_update(self, info: ContextInfo, input: MemberUpdateInput) -> MemberPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> MemberPayload:
            command = writes.MemberUpdate(
                member_id=writes.membership_id_of(input.member_id),
                expected_version=input.expected_version,
                role_id=converted(given_value(input.role_id, "roleId"), _role_id),
                expires_at=given(input.expires_at),
            )
            done = await writes.update_member(session, principal, command)
            return payload(MemberPayload, membership_id=done.membership_id)

        return await perform(info, MemberPayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=needs(Permission.MEMBERS_WRITE),
        description="End a membership, from the next request on. You must hold all that its role gives.",
    )
    async def member_remove(self, info: ContextInfo, input: MemberRemoveInput) -> MemberEndPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> MemberEndPayload:
            member_id = writes.membership_id_of(input.member_id)
            return _ended(await writes.remove_member(session, principal, member_id))

        return await perform(info, MemberEndPayload, write, dry_run=input.dry_run)

    @strawberry.mutation(directives=OPEN, description="End your own membership. The last owner cannot.")
    async def member_leave(self, info: ContextInfo, input: MemberLeaveInput) -> MemberEndPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> MemberEndPayload:
            account_id = AccountId(required(Kind.ACCOUNT, input.account_id, "accountId"))
            return _ended(await writes.leave_account(session, principal, account_id))

        return await perform(info, MemberEndPayload, write, dry_run=input.dry_run)


def _role_id(text: str) -> uuid.UUID:
    return required(Kind.ROLE, text, "roleId")


def _ended(done: writes.MemberChange) -> MemberEndPayload:
    removed = strawberry.ID(present(Kind.MEMBER, done.membership_id))
    return payload(MemberEndPayload, account_id=done.account.account_id, removed_member_id=removed)
