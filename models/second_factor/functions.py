"""The stored function that keeps people without a second factor out. It runs as the owner."""

from models.base.stored_functions import functions_in

FUNCTIONS = functions_in(__package__, "bars")
