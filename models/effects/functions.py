"""Stored functions that put jobs into the queue."""

from models.base.stored_functions import functions_in
from models.effects.jobs import PRIORITY

FUNCTIONS = functions_in(__package__, "enqueue", "enqueue_due", priority=PRIORITY)
