"""Stored functions for workers: which webhooks have something to be delivered."""

from models.base.stored_functions import functions_in

FUNCTIONS = functions_in(__package__, "take")
