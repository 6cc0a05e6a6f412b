"""What changes how the rights held above an account reach into it."""

import strawberry

from authz.policy.permissions import Permission
from engine.writes.sessions import WriteSession
from models.accounts.tables import ParentAccess
from models.base.ids import AccountId, Kind
from resolvers.inputs.global_ids import required
from resolvers.parent_access import change as writes
from schema.fields.access_changes import dry_run
from schema.fields.context import ContextInfo, principal_of
from schema.fields.payloads import AccountPayload, payload
from schema.fields.updates import ACCOUNT_VERSION, expected_version
from schema.fields.writes import needs, perform


@strawberry.input(description="How the rights held above a subaccount shall reach into it.")
class ParentAccessUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="The subaccount.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    parent_access: ParentAccess = strawberry.field(description="The new mode.")
    reason: str = strawberry.field(description="Why, 1 to 200 characters; for both sides and for the log.")
    dry_run: bool = dry_run()


@strawberry.input(description="The answer to what the other side asks for.")
class ParentAccessAnswerInput:
    account_id: strawberry.ID = strawberry.field(description="The subaccount.")
    parent_access: ParentAccess = strawberry.field(
        description="What is asked for, as you read it; CONFLICT where it is something else by now."
    )
    accept: bool = strawberry.field(description="True: it holds from the next request on. False: declined.")
    dry_run: bool = dry_run()


@strawberry.input(description="What one's own side asks for shall not be answered any more.")
class ParentAccessWithdrawInput:
    account_id: strawberry.ID = strawberry.field(description="The subaccount.")
    parent_access: ParentAccess = strawberry.field(
        description="What is asked for, as you read it; CONFLICT where it is something else by now."
    )


@strawberry.type
class ParentAccessMutation:
    @strawberry.mutation(
        directives=needs(Permission.SETTINGS_WRITE),
        description="Change what of the rights held above a subaccount holds in it and below. Whoever speaks "
        "for all who lose by it does so at once; else the other side is asked, see "
        "`Account.parentAccessRequest`. For the parent speaks SETTINGS_WRITE in it and below it, for the "
        "account SETTINGS_WRITE by a role or key of its own, with all that it gives up. A dry run of what "
        "would be asked for tells of no change.",
    )
    async def parent_access_update(self, info: ContextInfo, input: ParentAccessUpdateInput) -> AccountPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> AccountPayload:
            command = writes.ParentAccessUpdate(
                AccountId(required(Kind.ACCOUNT, input.account_id, "accountId")),
                input.expected_version,
                input.parent_access,
                input.reason,
            )
            done = await writes.update_parent_access(session, principal, command)
            return payload(AccountPayload, account_id=done.account_id)

        return await perform(info, AccountPayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=needs(Permission.SETTINGS_WRITE),
        description="Accept or decline what the other side asks for. Whoever asked must still have the right "
        "to.",
    )
    async def parent_access_answer(self, info: ContextInfo, input: ParentAccessAnswerInput) -> AccountPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> AccountPayload:
            command = writes.ParentAccessAnswer(
                AccountId(required(Kind.ACCOUNT, input.account_id, "accountId")),
                input.parent_access,
                input.accept,
            )
            done = await writes.answer_parent_access(session, principal, command)
            return payload(AccountPayload, account_id=done.account_id)

        return await perform(info, AccountPayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=needs(Permission.SETTINGS_WRITE),
        description="Take back what your own side asks for; nothing else changes. Anybody may who could ask "
        "for that side.",
    )
    async def parent_access_withdraw(
        self, info: ContextInfo, input: ParentAccessWithdrawInput
    ) -> AccountPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> AccountPayload:
            account_id = AccountId(required(Kind.ACCOUNT, input.account_id, "accountId"))
            command = writes.ParentAccessWithdrawal(account_id, input.parent_access)
            done = await writes.withdraw_parent_access(session, principal, command)
            return payload(AccountPayload, account_id=done.account_id)

        return await perform(info, AccountPayload, write)
