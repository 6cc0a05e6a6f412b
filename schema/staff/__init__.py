"""Platform staff: what they see, set and answer in customers' accounts."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.staff import overrides, subaccounts_requests
from schema.fields.contribution import Contribution
from schema.staff.enums import ENUMS
from schema.staff.mutations import StaffMutation
from schema.staff.queries import StaffQuery
from schema.staff.types import Override, SubaccountsRequest

CONTRIBUTION = Contribution(
    queries=(StaffQuery,),
    mutations=(StaffMutation,),
    look_ups={
        Kind.OVERRIDE: LookUp(Override, overrides.by_id),
        Kind.SUBACCOUNTS_REQUEST: LookUp(SubaccountsRequest, subaccounts_requests.by_id),
    },
    enums=ENUMS,
)
