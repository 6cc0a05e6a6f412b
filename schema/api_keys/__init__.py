"""API keys: programs that act for one account."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.api_keys import reads
from schema.api_keys.enums import ENUMS
from schema.api_keys.mutations import ApiKeyMutation
from schema.api_keys.types import ApiKey
from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution(
    mutations=(ApiKeyMutation,),
    look_ups={Kind.API_KEY: LookUp(ApiKey, reads.by_id)},
    enums=ENUMS,
)
