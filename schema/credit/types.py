"""Credit and the ledger."""

import datetime

import strawberry
from sqlalchemy import BigInteger

from authz.policy.permissions import Permission
from engine.declare.codecs import HEXADECIMAL, enum_of, global_id
from engine.declare.declarations import column, computed, entity, to_many, to_one
from models.accounts.tables import CreditMode, Currency, accounts
from models.base.ids import Kind
from models.credit.tables import (
    BalanceKind,
    LedgerTransactionKind,
    ledger_balances,
    ledger_entries,
    ledger_transactions,
)
from resolvers.credit import ledger, reads
from resolvers.credit import proof as ledger_proof
from resolvers.credit.post import MOST_POSTINGS
from schema.fields.amounts import AMOUNT, MicroAmount
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef

_BALANCE = enum_of(BalanceKind)


@entity(accounts, requires=Permission.CREDIT_READ)
class Credit:
    """The credit that an account can spend, and whose it is."""

    balance: MicroAmount = computed(reads.balance_of, codec=AMOUNT)
    reserved: MicroAmount = computed(reads.reserved_of, codec=AMOUNT)
    currency: Currency = computed(reads.currency_of, codec=enum_of(Currency))
    mode: CreditMode = computed(reads.mode_of, codec=enum_of(CreditMode))
    pool: AccountRef | None = to_one(reads.pool_of)


@entity(ledger_transactions, requires=Permission.CREDIT_READ)
class LedgerTransaction(Node):
    """A movement of money. Its entries in all accounts together sum to zero."""

    id: strawberry.ID = column(codec=global_id(Kind.LEDGER_TRANSACTION), description=ID_DESCRIPTION)
    kind: LedgerTransactionKind = column(
        codec=enum_of(LedgerTransactionKind), description="Why the money moved."
    )
    memo: str | None = column(description="The sender's note, visible in both accounts.")
    created_at: datetime.datetime = column(description="When it was posted, by the database's clock.")
    entries: "list[LedgerEntry]" = to_many(ledger.of_transaction, most=MOST_POSTINGS)


@entity(ledger_entries, key=("master_id", "account_id", "sequence"), requires=Permission.CREDIT_READ)
class LedgerEntry:
    """An entry in an account's ledger. It never changes: errors are corrected by another entry. `hash` is the
    SHA-256 of `previousHash` and the following values as UTF-8 text, separated by vertical bars: the
    account's id without its prefix, `sequence`, the transaction's id without its prefix, the transaction's
    kind, `balance`, `amount`, `balanceAfter`, the microseconds from 1970 to `createdAt`, and the memo, which
    is empty if there is none."""

    sequence: int = column(description="The number of the entry in its account, from 1 without gaps.")
    balance: BalanceKind = column(codec=_BALANCE, description="The balance that it changes.")
    amount: MicroAmount = column(
        codec=AMOUNT, description="The change of the balance; negative if credit was taken away."
    )
    balance_after: MicroAmount = column(codec=AMOUNT, description="The balance after the entry.")
    created_at: datetime.datetime = column(description="When it was posted; never before the previous entry.")
    transaction: LedgerTransaction = to_one(ledger.transaction_of)
    previous_hash: str = column(
        codec=HEXADECIMAL, description="The hash of the previous entry; zeros for the first."
    )
    hash: str = column(
        codec=HEXADECIMAL,
        description="The hash in hexadecimal, which makes later changes of this or an earlier entry "
        "detectable.",
    )


@entity(
    ledger_balances,
    key=("master_id", "account_id", "kind"),
    carries={"entries_sum": BigInteger()},
    requires=Permission.CREDIT_READ,
)
class LedgerBalance:
    """One balance of an account, with the sum of its entries."""

    kind: BalanceKind = column(codec=_BALANCE, description="The purpose of the balance.")
    amount: MicroAmount = column(codec=AMOUNT, description="The balance.")
    entries_sum: MicroAmount = column(
        codec=AMOUNT, description="The sum of its entries, which must equal the balance."
    )


@entity(accounts, requires=Permission.CREDIT_READ)
class LedgerProof:
    """The proof of an account's ledger. `mandant ledger verify` recomputes the proofs of all accounts."""

    entry_count: int = computed(ledger_proof.entry_count_of)
    head: str = computed(ledger_proof.head_of, codec=HEXADECIMAL)
    balances: list[LedgerBalance] = to_many(ledger_proof.balances_of, most=len(BalanceKind))
