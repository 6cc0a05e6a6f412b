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
from schema.fields.amounts import AMOUNT, MicroAmount
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef

_BALANCE = enum_of(BalanceKind)


@entity(accounts, requires=Permission.CREDIT_READ)
class Credit:
    """What an account has to spend, and whose it is."""

    balance: MicroAmount = computed(reads.balance_of, codec=AMOUNT)
    reserved: MicroAmount = computed(reads.reserved_of, codec=AMOUNT)
    currency: Currency = computed(reads.currency_of, codec=enum_of(Currency))
    mode: CreditMode = computed(reads.mode_of, codec=enum_of(CreditMode))
    pool: AccountRef | None = to_one(reads.pool_of)


@entity(ledger_transactions, requires=Permission.CREDIT_READ)
class LedgerTransaction(Node):
    """Money that moved at once: its entries, of all accounts together, sum to zero."""

    id: strawberry.ID = column(codec=global_id(Kind.LEDGER_TRANSACTION), description=ID_DESCRIPTION)
    kind: LedgerTransactionKind = column(codec=enum_of(LedgerTransactionKind), description="Why it moved.")
    memo: str | None = column(description="What its maker wrote beside it, seen from either account.")
    created_at: datetime.datetime = column(description="When it was posted, by the database's clock.")
    entries: "list[LedgerEntry]" = to_many(ledger.of_transaction)


@entity(ledger_entries, key=("master_id", "account_id", "sequence"), requires=Permission.CREDIT_READ)
class LedgerEntry:
    """A line of an account's books. It is never changed: what was wrong is set right by another one.

    `hash` is SHA-256 of `previousHash` and of this text in UTF-8, with bars between its parts: the account's
    id without its prefix, `sequence`, the transaction's id without its prefix and its kind, `balance`,
    `amount`, `balanceAfter`, the microseconds from 1970 to `createdAt`, and the memo, empty without one.
    """

    sequence: int = column(description="From 1, without gaps, in the account.")
    balance: BalanceKind = column(codec=_BALANCE, description="Which balance it changes.")
    amount: MicroAmount = column(codec=AMOUNT, description="By how much; below zero: taken away.")
    balance_after: MicroAmount = column(codec=AMOUNT, description="What the balance was then.")
    created_at: datetime.datetime = column(description="When; never before the entry before it.")
    transaction: LedgerTransaction = to_one(ledger.transaction_of)
    previous_hash: str = column(
        codec=HEXADECIMAL, description="The hash of the entry before it; zeros for the first."
    )
    hash: str = column(codec=HEXADECIMAL, description="In hexadecimal: what binds it to all before it.")


@entity(
    ledger_balances,
    key=("master_id", "account_id", "kind"),
    carries={"entries_sum": BigInteger()},
    requires=Permission.CREDIT_READ,
)
class LedgerBalance:
    """One of an account's balances beside the sum of its entries."""

    kind: BalanceKind = column(codec=_BALANCE, description="What the money is there for.")
    amount: MicroAmount = column(codec=AMOUNT, description="What is in it.")
    entries_sum: MicroAmount = column(codec=AMOUNT, description="What its entries sum to: the same.")


@entity(accounts, requires=Permission.CREDIT_READ)
class LedgerProof:
    """What proves an account's books; `mandant ledger verify` recomputes those of all accounts."""

    entry_count: int = computed(ledger_proof.entry_count_of)
    head: str = computed(ledger_proof.head_of, codec=HEXADECIMAL)
    balances: list[LedgerBalance] = to_many(ledger_proof.balances_of)
