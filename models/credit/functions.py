"""The only way into the ledger: `ledger_post`, which runs as its owner."""

from models.base.stored_functions import functions_in
from models.credit.job_kinds import TOP_UP

FUNCTIONS = functions_in(__package__, "ledger_post", top_up=TOP_UP.name)
