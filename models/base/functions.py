"""Stored functions that every area calls."""

from models.base.stored_functions import functions_in

FUNCTIONS = functions_in(__package__, "clock", "months")
