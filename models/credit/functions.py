"""The only ways into the ledger and to another currency, which run as their owner."""

from models.base.stored_functions import functions_in
from models.credit.job_kinds import TOP_UP

FUNCTIONS = functions_in(__package__, "ledger_post", "currency_correct", top_up=TOP_UP.name)
