"""Templates of messages, their versions and previews."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.templates import reads
from schema.fields.contribution import Contribution
from schema.templates.enums import ENUMS
from schema.templates.mutations import TemplateMutation
from schema.templates.queries import TemplateQuery
from schema.templates.types import Template

CONTRIBUTION = Contribution(
    queries=(TemplateQuery,),
    mutations=(TemplateMutation,),
    look_ups={Kind.TEMPLATE: LookUp(Template, reads.account_by_id, far_read=reads.by_place)},
    enums=ENUMS,
)
