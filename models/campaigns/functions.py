"""The area's stored functions."""

from models.base.stored_functions import functions_in

FUNCTIONS = functions_in(__package__, "campaigns_due", "forget_recipients")
