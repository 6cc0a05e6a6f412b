"""The stored function that notes when keys were used, whatever their tree."""

from models.base.stored_functions import functions_in

FUNCTIONS = functions_in(__package__, "note_uses")
