"""The stored functions that decide when sessions end. People are in many trees, so they run as the owner."""

from models.base.stored_functions import functions_in

FUNCTIONS = functions_in(__package__, "ends")
