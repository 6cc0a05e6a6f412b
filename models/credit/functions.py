"""The only way into the ledger: `ledger_post`, which runs as its owner."""

from models.base.stored_functions import functions_in
from models.effects.jobs import JobKind

FUNCTIONS = functions_in(__package__, "ledger_post", top_up=JobKind.TOP_UP.value)
