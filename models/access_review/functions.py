"""The stored function that finds the access reviews that a worker has to look at."""

from models.base.stored_functions import functions_in

FUNCTIONS = functions_in(__package__, "access_reviews_due")
