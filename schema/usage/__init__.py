"""What a cycle has used, and how long the rest will do."""

from schema.fields.contribution import Contribution
from schema.usage.enums import ENUMS

CONTRIBUTION = Contribution(enums=ENUMS)
