"""Which plan an account has, and since when."""

from schema.fields.contribution import Contribution
from schema.subscriptions.mutations import PlanMutation

CONTRIBUTION = Contribution(mutations=(PlanMutation,))
