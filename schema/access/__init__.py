"""Who has which access in an account, what depends on it, and what is about to end."""

from schema.access.enums import ENUMS
from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution(enums=ENUMS)
