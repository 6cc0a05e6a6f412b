"""Stored functions about cycles and recipient lists, whatever their tree."""

from models.base.stored_functions import functions_in
from models.sending.tables import LAST_REQUESTS

FUNCTIONS = functions_in(
    __package__, "cycle_is_over", "due", "delete_ended_lists", last_requests=LAST_REQUESTS.seconds
)
