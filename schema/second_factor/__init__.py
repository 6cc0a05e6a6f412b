"""Second factors: codes of an app, recovery codes, passkeys, and the accounts that require one."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.second_factor import reads
from schema.fields.contribution import Contribution
from schema.second_factor.enums import ENUMS
from schema.second_factor.mutations import FactorMutation
from schema.second_factor.reset_mutations import FactorResetMutation
from schema.second_factor.sign_in_mutations import FactorSignInMutation
from schema.second_factor.types import Passkey

CONTRIBUTION = Contribution(
    mutations=(FactorSignInMutation, FactorMutation, FactorResetMutation),
    enums=ENUMS,
    look_ups={Kind.PASSKEY: LookUp(Passkey, reads.passkey_by_id)},
)
