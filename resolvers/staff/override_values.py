"""The values of overrides. Some kinds have none."""

from dataclasses import dataclass
from typing import Any

from authz.policy.custom_roles import with_account_read
from authz.policy.permissions import Permission, mask_of, permissions_in
from authz.policy.refusals import Refusal, RefusalCode
from models.base.ids import MembershipId
from models.staff.overrides import MOST_SENDING_DOMAINS, OverrideKind, UnsubscribeScope
from resolvers.effects.log import Change


@dataclass(frozen=True)
class OverrideValue:
    """The value of UNSUBSCRIBE_SCOPE (R77), of SENDING_DOMAINS (how many, R80), of FIELD_FUNCTIONS (whether
    they work, R83), and of USER_RIGHTS: a member, and the most permissions that the member's role gives below
    the account (R73). Other kinds have no value."""

    unsubscribe_scope: UnsubscribeScope | None = None
    sending_domains: int | None = None
    field_functions: bool | None = None
    member_id: MembershipId | None = None
    permissions: frozenset[Permission] | None = None

    def columns(self) -> dict[str, Any]:
        """The columns of the override's row, without the person."""
        scope, permissions = self.unsubscribe_scope, self.permissions
        return {
            "unsubscribe_scope": None if scope is None else scope.value,
            "sending_domains": self.sending_domains,
            "field_functions": self.field_functions,
            "rights_mask": None if permissions is None else mask_of(with_account_read(permissions)),
        }


def described(columns: dict[str, Any]) -> Change:
    """The value as the log shows it."""
    found: Change = {name: columns[column] for column, name in _LOGGED.items() if columns[column] is not None}
    if columns["rights_mask"] is not None:
        found["permissions"] = [permission.name for permission in permissions_in(columns["rights_mask"])]
    return found


_LOGGED = {
    "unsubscribe_scope": "unsubscribeScope",
    "sending_domains": "sendingDomains",
    "field_functions": "fieldFunctions",
}
_FIELDS = (
    (OverrideKind.UNSUBSCRIBE_SCOPE, "unsubscribe_scope", "unsubscribeScope"),
    (OverrideKind.SENDING_DOMAINS, "sending_domains", "sendingDomains"),
    (OverrideKind.FIELD_FUNCTIONS, "field_functions", "fieldFunctions"),
    (OverrideKind.USER_RIGHTS, "member_id", "memberId"),
    (OverrideKind.USER_RIGHTS, "permissions", "permissions"),
)


def check_value(kind: OverrideKind, value: OverrideValue) -> None:
    """Raise BAD_USER_INPUT unless exactly the values of the kind are given, within their bounds."""
    for own_kind, attribute, field in _FIELDS:
        given = getattr(value, attribute)
        if own_kind is kind and given is None:
            raise Refusal(RefusalCode.BAD_USER_INPUT, f"{kind.value} needs a value.", field)
        if own_kind is not kind and given is not None:
            raise Refusal(RefusalCode.BAD_USER_INPUT, f"{kind.value} does not take this value.", field)
    domains = value.sending_domains
    if domains is not None and not 1 <= domains <= MOST_SENDING_DOMAINS:
        message = f"Must be from 1 to {MOST_SENDING_DOMAINS}."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "sendingDomains")
