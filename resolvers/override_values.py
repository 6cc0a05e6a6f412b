"""What an override sets: a kind, and the value that goes with some kinds."""

from dataclasses import dataclass
from typing import Any

from authz.refusals import Refusal, RefusalCode
from models.overrides import MOST_SENDING_DOMAINS, OverrideKind, UnsubscribeScope
from resolvers.events import Change


@dataclass(frozen=True)
class OverrideValue:
    """The value of UNSUBSCRIBE_SCOPE (R77), of SENDING_DOMAINS (how many, R80) and of FIELD_FUNCTIONS
    (whether they work, R83); the other kinds have none."""

    unsubscribe_scope: UnsubscribeScope | None = None
    sending_domains: int | None = None
    field_functions: bool | None = None

    def columns(self) -> dict[str, Any]:
        """As the override's row has it."""
        scope = self.unsubscribe_scope
        return {
            "unsubscribe_scope": None if scope is None else scope.value,
            "sending_domains": self.sending_domains,
            "field_functions": self.field_functions,
        }

    def described(self) -> Change:
        """As the log has it."""
        names = {
            "unsubscribe_scope": "unsubscribeScope",
            "sending_domains": "sendingDomains",
            "field_functions": "fieldFunctions",
        }
        return {names[name]: value for name, value in self.columns().items() if value is not None}


_FIELDS = {
    OverrideKind.UNSUBSCRIBE_SCOPE: ("unsubscribe_scope", "unsubscribeScope"),
    OverrideKind.SENDING_DOMAINS: ("sending_domains", "sendingDomains"),
    OverrideKind.FIELD_FUNCTIONS: ("field_functions", "fieldFunctions"),
}


def check_value(kind: OverrideKind, value: OverrideValue) -> None:
    """Raise BAD_USER_INPUT unless the value is the kind's: no other, none missing, in its bounds."""
    given = value.columns()
    for own_kind, (column, field) in _FIELDS.items():
        if own_kind is kind and given[column] is None:
            raise Refusal(RefusalCode.BAD_USER_INPUT, f"{kind.value} needs a value.", field)
        if own_kind is not kind and given[column] is not None:
            raise Refusal(RefusalCode.BAD_USER_INPUT, f"It is no value of {kind.value}.", field)
    domains = value.sending_domains
    if domains is not None and not 1 <= domains <= MOST_SENDING_DOMAINS:
        message = f"Must be from 1 to {MOST_SENDING_DOMAINS}."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "sendingDomains")
