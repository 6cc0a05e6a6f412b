"""What of an account sends, and whether both keys let it."""

from schema.fields.contribution import Contribution
from schema.reputation.enums import ENUMS
from schema.reputation.mutations import ReputationMutation

CONTRIBUTION = Contribution(mutations=(ReputationMutation,), enums=ENUMS)
