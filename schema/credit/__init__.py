"""Credit: balances, transfers and the ledger."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.credit import ledger
from schema.credit.enums import ENUMS
from schema.credit.mutations import CreditMutation
from schema.credit.types import LedgerTransaction
from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution(
    mutations=(CreditMutation,),
    look_ups={Kind.LEDGER_TRANSACTION: LookUp(LedgerTransaction, ledger.transaction_by_id)},
    enums=ENUMS,
)
