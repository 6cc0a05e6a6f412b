"""The stored functions by which an invited person finds what was offered to its address."""

from models.base.stored_functions import functions_in, written_columns
from resolvers.invitations.received import RECEIVED

FUNCTIONS = functions_in(
    __package__,
    "received",
    received=written_columns(RECEIVED),
)
