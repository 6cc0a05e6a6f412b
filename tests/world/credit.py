"""Credit for tests: given as if it were topped up, and looked at in the database itself."""

import uuid
from dataclasses import dataclass

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncEngine

from models.accounts.tables import CreditMode, accounts
from models.base.ids import Kind, new_id, present
from models.credit.tables import BalanceKind, ledger_balances, ledger_entries
from models.payments.tables import TopUpStatus, payment_methods, top_ups
from models.payments.top_up_rules import top_up_rules
from resolvers.credit.verify import audit
from tests.world.world import Account, World

EURO = 1_000_000
"""In micro-units."""


async def give_credit(world: World, account: Account, amount: int) -> None:
    """The account has so much more, from outside."""
    credit, outside = BalanceKind.CREDIT.value, BalanceKind.OUTSIDE.value
    await _post(world, "TOP_UP", None, [(account, outside, -amount), (account, credit, amount)])


async def move_credit(
    world: World,
    source: Account,
    target: Account,
    amount: int,
    memo: str | None = None,
    balance: BalanceKind = BalanceKind.CREDIT,
) -> str:
    """Credit of one account is in that balance of the other. The transaction's id."""
    changes = [(source, BalanceKind.CREDIT.value, -amount), (target, balance.value, amount)]
    return await _post(world, "TRANSFER", memo, changes)


async def _post(world: World, kind: str, memo: str | None, changes: list[tuple[Account, str, int]]) -> str:
    tree, key = changes[0][0].master, new_id()
    values = {
        "tree": tree,
        "id": key,
        "kind": kind,
        "memo": memo,
        "books": [account.key for account, _, _ in changes],
        "kinds": [balance for _, balance, _ in changes],
        "amounts": [amount for _, _, amount in changes],
    }
    async with world.database.begin() as connection:
        await connection.execute(text(f"SELECT set_config('mandant.trees', '{tree}', true)"))
        await connection.execute(
            text("SELECT ledger_post(:tree, :id, :kind, NULL, NULL, :memo, :books, :kinds, :amounts)"), values
        )
    return present(Kind.LEDGER_TRANSACTION, key)


@dataclass(frozen=True)
class PaymentMethod:
    """Something to pay with."""

    key: uuid.UUID

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.PAYMENT_METHOD, self.key)


async def give_payment_method(world: World, account: Account, reference: str = "paid") -> PaymentMethod:
    """The account can pay with it; the reference says what will come of it (see
    `server.settings.payments`)."""
    method = PaymentMethod(new_id())
    async with world.database.begin() as connection:
        await connection.execute(
            insert(payment_methods).values(
                master_id=account.master,
                account_id=account.key,
                id=method.key,
                label="Card",
                reference=reference,
            )
        )
    return method


async def give_top_up(world: World, account: Account, status: TopUpStatus = TopUpStatus.DECLINED) -> str:
    """The account has asked for credit, in vain or without an answer so far. Its id."""
    method, key = await give_payment_method(world, account), new_id()
    declined = status is TopUpStatus.DECLINED
    values = {"status": status.value, "decline_reason": "no" if declined else None}
    async with world.database.begin() as connection:
        await connection.execute(
            insert(top_ups).values(
                master_id=account.master,
                account_id=account.key,
                id=key,
                payment_method_id=method.key,
                amount=EURO,
                answered_at=func.now() if declined else None,
                **values,
            )
        )
    return present(Kind.TOP_UP, key)


async def give_top_up_rule(
    world: World, account: Account, method: PaymentMethod, amounts: tuple[int, int, int] = (5, 10, 30)
) -> None:
    """Credit is bought by itself, if it is not yet: the threshold, the amount, the daily maximum."""
    threshold, amount, daily_maximum = amounts
    async with world.database.begin() as connection:
        await connection.execute(
            upsert(top_up_rules)
            .values(
                master_id=account.master,
                account_id=account.key,
                payment_method_id=method.key,
                threshold=threshold,
                amount=amount,
                daily_maximum=daily_maximum,
            )
            .on_conflict_do_nothing()
        )


async def transaction_of(world: World, account: Account) -> str:
    """The id of the last transaction in the account's books."""
    entry = ledger_entries.c
    statement = select(entry.transaction_id).where(entry.account_id == account.key)
    async with world.database.connect() as connection:
        found = (await connection.execute(statement.order_by(entry.sequence.desc()).limit(1))).scalar_one()
    return present(Kind.LEDGER_TRANSACTION, found)


async def own_balances(world: World, *of: Account) -> None:
    """The accounts spend their own credit."""
    await set_mode(world, CreditMode.OWN_BALANCE, *of)


async def set_mode(world: World, mode: CreditMode, *of: Account) -> None:
    """Say whose credit the accounts spend."""
    statement = update(accounts).where(accounts.c.id.in_([account.key for account in of]))
    async with world.database.begin() as connection:
        await connection.execute(statement.values(credit_mode=mode.value))


async def credit_of(database: AsyncEngine, account: Account) -> int:
    """What the account has."""
    return (await balances_of(database, account)).get(BalanceKind.CREDIT.value, 0)


async def balances_of(database: AsyncEngine, account: Account) -> dict[str, int]:
    """Each of its balances."""
    statement = select(ledger_balances.c.kind, ledger_balances.c.amount).where(
        ledger_balances.c.account_id == account.key
    )
    async with database.connect() as connection:
        return {row.kind: row.amount for row in await connection.execute(statement)}


async def faults_of(database: AsyncEngine, *of: Account) -> list[str]:
    """What does not hold in the accounts' books, or in any transaction of their trees."""
    keys, trees = {account.key for account in of}, {account.master for account in of}
    async with database.connect() as connection:
        found = [fault async for fault in audit(connection) if fault.master_id in trees]
    return [fault.what for fault in found if fault.subject_id in keys or "transaction" in fault.what]
