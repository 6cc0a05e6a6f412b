"""An account's credit and its ledger."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import computed, connection, to_one
from resolvers.credit import ledger
from resolvers.credit import proof as ledger_proof
from resolvers.credit import reads as credit_reads
from schema.credit.types import Credit, LedgerEntry, LedgerProof
from schema.fields.amounts import AMOUNT, MicroAmount


@strawberry.type
class AccountFields:
    credit: Credit | None = to_one(credit_reads.of_account, requires=Permission.CREDIT_READ)
    credit_at: MicroAmount | None = computed(
        credit_reads.balance_at, codec=AMOUNT, requires=Permission.CREDIT_READ
    )
    ledger_entries: Connection[LedgerEntry] | None = connection(
        ledger.of_account, order=ledger.BY_SEQUENCE, requires=Permission.CREDIT_READ
    )
    ledger_proof: LedgerProof | None = to_one(ledger_proof.proof_of, requires=Permission.CREDIT_READ)
