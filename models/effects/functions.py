"""Stored functions that put jobs into the queue, say what is due, and number what is written into the log."""

from string import Template

from models.base.stored_functions import functions_in
from models.effects.jobs import job_kinds
from models.effects.log_numbers import GAP

_KINDS = job_kinds().values()
_PRIORITIES = " ".join(f"WHEN '{kind.name}' THEN {kind.priority}" for kind in _KINDS)
_DUE_OF_A_KIND = Template("""SELECT '$kind', due.tree, due.subject FROM $due() AS due (tree, subject)
WHERE kinds IS NULL OR '$kind' = ANY (kinds)""")

FUNCTIONS = functions_in(
    __package__,
    "due",
    "enqueue",
    "enqueue_due",
    "log_numbers",
    due="\nUNION ALL\n".join(_DUE_OF_A_KIND.substitute(kind=kind.name, due=kind.due) for kind in _KINDS),
    gap=GAP,
    priority=f"CASE kind {_PRIORITIES} END",
)
