"""The stored function that finds the domains whose check is due."""

from models.base.stored_functions import functions_in

FUNCTIONS = functions_in(__package__, "domains_to_check")
