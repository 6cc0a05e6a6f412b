"""Which plan an account has, from when on."""

from schema.fields.contribution import Contribution
from schema.subscriptions.mutations import PlanMutation

CONTRIBUTION = Contribution(mutations=(PlanMutation,))
