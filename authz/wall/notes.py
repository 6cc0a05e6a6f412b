"""What a transaction remembers until its end: who entered it, and where it may change access."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.writes.fixed_statements import FixedStatement
from models.base.ids import AccountId, UserId


@dataclass
class TransactionNotes:
    """`touched`: the accounts locked for a write, which changes access only there and below. `named`: people
    that the write names; a dry run shows their rights and nothing else about them. `entered_by`: the
    statement that told the database who calls, with its values. `revision`: of what the transaction changes,
    once the database said it."""

    touched: set[AccountId] = field(default_factory=set)
    named: set[UserId] = field(default_factory=set)
    entered_by: tuple[FixedStatement, Mapping[str, Any]] | None = None
    revision: str | None = None
