"""Mutations that transfer credit or change whose credit an account spends."""

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.accounts.tables import CreditMode
from resolvers.accounts import credit_mode as credit_modes
from resolvers.accounts import reads as accounts
from resolvers.credit import ledger
from resolvers.credit import transfer as credit_transfers
from schema.credit.settlement import SettlementPayload, shown_effects
from schema.credit.types import LedgerTransaction
from schema.fields.amounts import MicroAmount
from schema.fields.dry_runs import dry_run
from schema.fields.idempotency import replayed
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.fields.references import AccountRef
from schema.fields.updates import ACCOUNT_VERSION, expected_version


@strawberry.input(description="A transfer of credit between an account and one above or below it.")
class CreditTransferInput:
    from_account_id: strawberry.ID = strawberry.field(description="The account that gives.")
    to_account_id: strawberry.ID = strawberry.field(
        description="The account that receives the credit. It must be on the same path of the tree and have "
        "its own balance."
    )
    amount: MicroAmount = strawberry.field(description="The amount: 1 to 10^15 micro-units.")
    memo: str | None = strawberry.field(
        default=None, description="1 to 200 characters, visible in both accounts."
    )
    idempotency_key: str = strawberry.field(
        description="A key that you choose, 1 to 200 characters, not only spaces, unique among yours in the "
        "giving account. Repeated within 30 days, it transfers nothing more."
    )


@strawberry.input(description="The subaccount, and whose credit it shall spend.")
class CreditModeUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="A subaccount.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    mode: CreditMode = strawberry.field(description="The new mode.")
    dry_run: bool = dry_run()


@entity(None, carries={"transaction_id": Uuid(), "from_id": Uuid(), "to_id": Uuid()})
class CreditTransferPayload(Payload):
    """The transfer."""

    transaction: LedgerTransaction | None = to_one(ledger.transaction_of_result)
    from_account: AccountRef | None = to_one(accounts.giver_of_result)
    to_account: AccountRef | None = to_one(accounts.taker_of_result)
    replayed: bool = replayed("Whether an earlier request with the same key did it.")


@entity(None, carries={"account_id": Uuid()})
class CreditModeUpdatePayload(SettlementPayload):
    """An account after its credit mode was changed."""

    account: AccountRef | None = to_one(accounts.of_result)


@strawberry.type
class CreditMutation:
    @mutation(needs(Permission.CREDIT_TRANSFER))
    async def credit_transfer(
        self, session: WriteSession, principal: Principal, input: CreditTransferInput
    ) -> CreditTransferPayload:
        """Transfer credit to an account below, or back to one above. You need the permission in both
        accounts."""
        command = credit_transfers.CreditTransfer(
            from_account_id=account_id(input.from_account_id, "fromAccountId"),
            to_account_id=account_id(input.to_account_id, "toAccountId"),
            amount=input.amount,
            memo=input.memo,
            idempotency_key=input.idempotency_key,
        )
        done = await credit_transfers.transfer_credit(session, principal, command)
        return payload(
            CreditTransferPayload,
            transaction_id=done.transaction_id,
            from_id=command.from_account_id,
            to_id=command.to_account_id,
            replayed=done.replayed,
        )

    @mutation(needs(Permission.CREDIT_TRANSFER))
    async def credit_mode_update(
        self, session: WriteSession, principal: Principal, input: CreditModeUpdateInput
    ) -> CreditModeUpdatePayload:
        """Let a subaccount spend its own credit, or that of the pool above it. When it starts to draw from
        the pool, its remaining credit goes there; `effects` lists this. You need the permission in both
        accounts. Reserved credit blocks the change, and so does a top-up without an answer from the payment
        provider."""
        command = credit_modes.CreditModeUpdate(
            account_id=account_id(input.account_id), expected_version=input.expected_version, mode=input.mode
        )
        done = await credit_modes.change_credit_mode(session, principal, command)
        return payload(
            CreditModeUpdatePayload,
            account_id=done.account.account_id,
            effects=shown_effects(done.effects),
        )
