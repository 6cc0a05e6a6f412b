"""The stored function that finds the accounts whose top-ups a worker has to look at."""

from models.base.stored_functions import functions_in
from models.payments.tables import LEFT_TO_ITS_REQUEST

FUNCTIONS = functions_in(__package__, "top_ups_to_make", left_to_its_request=LEFT_TO_ITS_REQUEST.seconds)
