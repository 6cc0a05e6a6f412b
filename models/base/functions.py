"""Stored functions that every area calls."""

from models.base.locks import AdvisoryLock
from models.base.stored_functions import functions_in

FUNCTIONS = functions_in(__package__, "clock", "months", months=AdvisoryLock.MONTHS)
