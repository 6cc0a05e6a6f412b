"""What moves credit."""

import strawberry
from sqlalchemy import Uuid

from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.accounts.tables import CreditMode
from models.base.ids import AccountId, Kind
from resolvers.accounts import credit_mode as credit_modes
from resolvers.accounts import reads as accounts
from resolvers.credit import ledger
from resolvers.credit import transfer as credit_transfers
from resolvers.inputs.global_ids import required
from schema.credit.settlement import SettlementEffect, effects, told_effects
from schema.credit.types import LedgerTransaction
from schema.fields.access_changes import dry_run
from schema.fields.amounts import MicroAmount
from schema.fields.context import ContextInfo, principal_of
from schema.fields.payloads import AccessPayload, Payload, payload, replayed
from schema.fields.references import AccountRef
from schema.fields.updates import ACCOUNT_VERSION, expected_version
from schema.fields.writes import needs, perform


@strawberry.input(description="Credit from an account to one above or below it.")
class CreditTransferInput:
    from_account_id: strawberry.ID = strawberry.field(description="The account that gives.")
    to_account_id: strawberry.ID = strawberry.field(
        description="The account that takes: on the same path of the tree, with a balance of its own."
    )
    amount: MicroAmount = strawberry.field(description="How much: at least one, at most 10^15 micro-units.")
    memo: str | None = strawberry.field(
        default=None, description="1 to 200 characters, seen from either account."
    )
    idempotency_key: str = strawberry.field(
        description="Your own, 1 to 200 characters, for the giving account. The same key again within 30 "
        "days moves nothing."
    )


@strawberry.input(description="Whose credit a subaccount spends.")
class CreditModeUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="A subaccount.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    mode: CreditMode = strawberry.field(description="From now on.")
    dry_run: bool = dry_run()


@entity(None, carries={"transaction_id": Uuid(), "from_id": Uuid(), "to_id": Uuid()})
class CreditTransferPayload(Payload):
    """Credit that was handed over."""

    transaction: LedgerTransaction | None = to_one(ledger.transaction_of_result)
    from_account: AccountRef | None = to_one(accounts.giver_of_result)
    to_account: AccountRef | None = to_one(accounts.taker_of_result)
    replayed: bool = replayed("It was done by an earlier request under the same key.")


@entity(None, carries={"account_id": Uuid()})
class CreditModeUpdatePayload(AccessPayload):
    """An account and whose credit it spends."""

    account: AccountRef | None = to_one(accounts.of_result)
    effects: list[SettlementEffect] | None = effects()


@strawberry.type
class CreditMutation:
    @strawberry.mutation(
        directives=needs(Permission.CREDIT_TRANSFER),
        description="Hand credit to an account below, or back to one above (R43). Needs the permission in "
        "both accounts.",
    )
    async def credit_transfer(self, info: ContextInfo, input: CreditTransferInput) -> CreditTransferPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> CreditTransferPayload:
            command = credit_transfers.CreditTransfer(
                AccountId(required(Kind.ACCOUNT, input.from_account_id, "fromAccountId")),
                AccountId(required(Kind.ACCOUNT, input.to_account_id, "toAccountId")),
                input.amount,
                input.memo,
                input.idempotency_key,
            )
            done = await credit_transfers.transfer_credit(session, principal, command)
            return payload(
                CreditTransferPayload,
                transaction_id=done.transaction_id,
                from_id=command.from_account_id,
                to_id=command.to_account_id,
                replayed=done.replayed,
            )

        return await perform(info, CreditTransferPayload, write)

    @strawberry.mutation(
        directives=needs(Permission.CREDIT_TRANSFER),
        description="Let a subaccount spend its own credit, or that of the pool above it: what it has left "
        "goes there (T18), as `effects` tell. Needs the permission in both accounts. Credit that is reserved "
        "stands in the way, and so does a top-up that the payment provider has not answered.",
    )
    async def credit_mode_update(
        self, info: ContextInfo, input: CreditModeUpdateInput
    ) -> CreditModeUpdatePayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> CreditModeUpdatePayload:
            account_id = AccountId(required(Kind.ACCOUNT, input.account_id, "accountId"))
            command = credit_modes.CreditModeUpdate(account_id, input.expected_version, input.mode)
            done = await credit_modes.change_credit_mode(session, principal, command)
            told = told_effects(done.effects)
            return payload(CreditModeUpdatePayload, account_id=done.account.account_id, effects=told)

        return await perform(
            info, CreditModeUpdatePayload, write, dry_run=input.dry_run, also_told=("effects",)
        )
