"""Budgets: caps and guarantees of sends and of credit below an account."""

from schema.budgets.mutations import BudgetMutation
from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution(mutations=(BudgetMutation,))
