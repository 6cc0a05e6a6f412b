"""What a billing cycle has used, and how long the rest will last."""

from schema.fields.contribution import Contribution
from schema.usage.enums import ENUMS

CONTRIBUTION = Contribution(enums=ENUMS)
