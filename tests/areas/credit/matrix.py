"""The rows of the matrix for credit."""

from models.accounts.tables import CreditMode
from models.base.ids import Kind
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, MANAGERS, OUTSIDE, OWN_MANAGERS, Stage, once
from tests.authz.matrix.matrix_rows import ABOVE, Mutation, NodeOf, Values, table
from tests.world.credit import give_credit, own_balances, set_mode, transaction_of

CREDIT_READERS = MANAGERS | {"finance"}
"""They hold all of the area CREDIT in the account."""


async def _credit_transfer(stage: Stage) -> Values:
    await own_balances(stage.world, stage.account, stage.child)
    await give_credit(stage.world, stage.account, 5)
    between = {"fromAccountId": stage.account.id, "toAccountId": stage.child.id}
    return {**between, "amount": 5, "idempotencyKey": once()}


async def _credit_mode_update(stage: Stage) -> Values:
    await set_mode(stage.world, CreditMode.SHARED_POOL, stage.account)
    return {"accountId": stage.account.id, "mode": "OWN_BALANCE"}


MUTATIONS = {
    "creditTransfer": Mutation(
        "CREDIT_TRANSFER",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - CREDIT_READERS, "FORBIDDEN CREDIT_TRANSFER"),
            # They do not reach the account below, which takes.
            (CREDIT_READERS - OWN_MANAGERS, "NOT_FOUND"),
            (OWN_MANAGERS, DONE),
        ),
        _credit_transfer,
    ),
    "creditModeUpdate": Mutation(
        "CREDIT_TRANSFER",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - CREDIT_READERS, "FORBIDDEN CREDIT_TRANSFER"),
            # It is about the credit of the account above.
            (CREDIT_READERS - ABOVE, "POOL_ACCOUNT_REQUIRED"),
            (ABOVE, DONE),
        ),
        _credit_mode_update,
    ),
}


ACCOUNT_FIELDS = {
    "credit": ("CREDIT_READ", CREDIT_READERS),
    "creditAt": ("CREDIT_READ", CREDIT_READERS),
    "ledgerEntries": ("CREDIT_READ", CREDIT_READERS),
    "ledgerProof": ("CREDIT_READ", CREDIT_READERS),
}


async def _transaction(stage: Stage) -> str:
    await give_credit(stage.world, stage.account, 1)
    return await transaction_of(stage.world, stage.account)


NODES = {
    Kind.LEDGER_TRANSACTION: NodeOf(_transaction, CREDIT_READERS),
}
