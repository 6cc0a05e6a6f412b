"""Stored functions of billing cycles, and the only way to delete a subscription."""

from models.base.stored_functions import functions_in

FUNCTIONS = functions_in(__package__, "cycles", "first_plan_withdraw")
