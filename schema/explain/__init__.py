"""Why somebody may, or may not, do something."""

from schema.explain.enums import ENUMS
from schema.explain.queries import ExplanationQuery
from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution(queries=(ExplanationQuery,), enums=ENUMS)
