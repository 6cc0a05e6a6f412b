"""Enums that all areas share."""

from authz.callers.principals import PrincipalKind
from authz.policy.permissions import Area, Permission
from authz.policy.refusals import RefusalCode
from schema.fields.enum_publishing import EnumDescription

_AREAS = {
    Area.ACCOUNT: "the account's own data",
    Area.SUBACCOUNTS: "the accounts below",
    Area.MEMBERS: "members and invitations",
    Area.ROLES: "roles",
    Area.API_KEYS: "API keys",
    Area.CREDIT: "credit",
    Area.INVOICES: "invoices",
    Area.PLAN: "the plan",
    Area.CONTACTS: "contacts and lists",
    Area.BLOCK_LIST: "the block list",
    Area.CAMPAIGNS: "campaigns",
    Area.TRANSACTIONAL: "transactional messages",
    Area.TEMPLATES: "templates",
    Area.DOMAINS: "sending domains",
    Area.STATISTICS: "statistics",
    Area.SETTINGS: "settings",
    Area.AUDIT: "the log of changes",
    Area.WEBHOOKS: "webhooks",
}
_ACTIONS = {
    "READ": "See {area}.",
    "WRITE": "Change {area}.",
    "SEND": "Send {area}.",
    "TRANSFER": "Hand {area} over to somebody else.",
    "SUSPEND": "Suspend and resume the account; held from above only.",
    "CLOSE": "Close the account for good.",
}


def _permission(permission: Permission) -> str:
    return _ACTIONS[permission.action].format(area=_AREAS[permission.area])


ENUMS = (
    EnumDescription(Area, {area.name: f"{_AREAS[area].capitalize()}." for area in Area}),
    EnumDescription(Permission, {permission.name: _permission(permission) for permission in Permission}),
    EnumDescription(
        PrincipalKind,
        {
            "PERSON": "A person, with rights by memberships and shares.",
            "API_KEY": "An API key.",
            "NARROWED_TOKEN": "A narrowed token of a person's session or of an API key.",
        },
        name="SubjectKind",
    ),
    EnumDescription(
        RefusalCode, {member.name: str(member.value) for member in RefusalCode}, name="ErrorCode"
    ),
)
