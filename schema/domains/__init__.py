"""Domains that accounts send from, and domains that their links lead through."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.domains import reads
from schema.domains.enums import ENUMS
from schema.domains.mutations import DomainMutation
from schema.domains.types import Domain
from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution(
    mutations=(DomainMutation,), look_ups={Kind.DOMAIN: LookUp(Domain, reads.by_id)}, enums=ENUMS
)
