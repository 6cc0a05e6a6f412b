"""Who has access to an account, what depends on a role, and which access expires soon."""

from schema.access.enums import ENUMS
from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution(enums=ENUMS)
