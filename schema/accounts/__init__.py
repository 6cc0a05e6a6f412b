"""Accounts: their tree, their settings, how they are created and closed."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.accounts import reads
from schema.accounts.enums import ENUMS
from schema.accounts.mutations import AccountMutation
from schema.accounts.queries import AccountQuery
from schema.accounts.types import Account
from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution(
    queries=(AccountQuery,),
    mutations=(AccountMutation,),
    look_ups={Kind.ACCOUNT: LookUp(Account, reads.by_id)},
    enums=ENUMS,
)
