"""Whom an account does not write to for the time being."""

from schema.fields.contribution import Contribution
from schema.suppressions.enums import ENUMS
from schema.suppressions.mutations import SuppressionMutation

CONTRIBUTION = Contribution(mutations=(SuppressionMutation,), enums=ENUMS)
