"""Stored functions that put jobs into the queue, say what is due, and number and seal the log."""

from string import Template

from models.base.stored_functions import functions_in
from models.effects.event_chain import GENESIS, PARTS
from models.effects.jobs import job_kinds
from models.effects.log_numbers import GAP

_KINDS = job_kinds().values()
_PRIORITIES = " ".join(f"WHEN '{kind.name}' THEN {kind.priority}" for kind in _KINDS)
_MOST_SEALED = 1_000
"""Events that one transaction seals."""


def _digest(part: str) -> str:
    """The digest of a part of an event, as `event_chain.part_digest` makes it."""
    salt = f"sha256(event.salt || '{part}'::bytea)"
    value = f"coalesce('=' || ({PARTS[part]}), '')"
    return f"encode(sha256({salt} || convert_to({value}, 'UTF8')), 'hex')"


_DUE_OF_A_KIND = Template("""SELECT '$kind', due.tree, due.subject FROM $due() AS due (tree, subject)
WHERE kinds IS NULL OR '$kind' = ANY (kinds)""")

FUNCTIONS = functions_in(
    __package__,
    "due",
    "enqueue",
    "enqueue_due",
    "log_numbers",
    "seal_events",
    due="\nUNION ALL\n".join(_DUE_OF_A_KIND.substitute(kind=kind.name, due=kind.due) for kind in _KINDS),
    gap=GAP,
    batch=_MOST_SEALED,
    digests=f"concat_ws('|', {', '.join(map(_digest, PARTS))})",
    genesis=GENESIS.hex(),
    priority=f"CASE kind {_PRIORITIES} END",
)
