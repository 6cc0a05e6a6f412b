"""What a transaction remembers until its end: who entered it, and where it may change access."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.writes.fixed_statements import FixedStatement
from models.base.ids import AccountId, UserId


@dataclass
class TransactionNotes:
    """`touched`: the accounts that were locked for a write; what it does to access, it does there and below.
    `named`: persons that the write names, of whom a dry run tells their rights and nothing else.
    `entered_by`: the statement that said who asks, with its values."""

    touched: set[AccountId] = field(default_factory=set)
    named: set[UserId] = field(default_factory=set)
    entered_by: tuple[FixedStatement, Mapping[str, Any]] | None = None
