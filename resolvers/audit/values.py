"""Who sees what a change was: an event's values and its reason belong to the area that was changed (T38)."""

from collections import defaultdict

from sqlalchemy import ARRAY, ColumnElement, FromClause, Text, and_, case, literal_column, not_, or_

from authz.policy.permissions import Permission, mask_literal, mask_of
from authz.reach.reach import account_where_all
from resolvers.effects.event_kinds import EventKind

_NOTHING: frozenset[Permission] = frozenset()
_SUBACCOUNTS = frozenset({Permission.SUBACCOUNTS_READ})
_MEMBERS = frozenset({Permission.MEMBERS_READ})
_ROLES = frozenset({Permission.ROLES_READ})
_API_KEYS = frozenset({Permission.API_KEYS_READ})
_CREDIT = frozenset({Permission.CREDIT_READ})
_INVOICES = frozenset({Permission.INVOICES_READ})
_PLAN = frozenset({Permission.PLAN_READ})
_CONTACTS = frozenset({Permission.CONTACTS_READ})
_BLOCK_LIST = frozenset({Permission.BLOCK_LIST_READ})
_TEMPLATES = frozenset({Permission.TEMPLATES_READ})
_SENDS = frozenset({Permission.CAMPAIGNS_SEND, Permission.TRANSACTIONAL_SEND})
_MESSAGES = frozenset({Permission.CAMPAIGNS_READ, Permission.TRANSACTIONAL_READ})
_STATISTICS = frozenset({Permission.STATISTICS_READ})
_CAMPAIGNS = frozenset({Permission.CAMPAIGNS_READ})
_DOMAINS = frozenset({Permission.DOMAINS_READ})
_SETTINGS = frozenset({Permission.SETTINGS_READ})

NEEDED = {
    EventKind.ACCOUNT_CREATED: _NOTHING,
    EventKind.ACCOUNT_UPDATED: _SETTINGS,  # only where it names settings, see `_names_no_settings`
    EventKind.ACCOUNT_SUSPENDED: _NOTHING,
    EventKind.ACCOUNT_RESUMED: _NOTHING,
    EventKind.ACCOUNT_CLOSED: _NOTHING,
    EventKind.MEMBER_INVITED: _MEMBERS,
    EventKind.MEMBER_JOINED: _MEMBERS,
    EventKind.MEMBER_UPDATED: _MEMBERS,
    EventKind.MEMBER_REMOVED: _MEMBERS,
    EventKind.MEMBER_LEFT: _MEMBERS,
    EventKind.INVITATION_REVOKED: _MEMBERS,
    EventKind.INVITATION_DECLINED: _MEMBERS,
    EventKind.OWNERSHIP_OFFERED: _MEMBERS,
    EventKind.OWNERSHIP_TRANSFERRED: _MEMBERS,
    EventKind.OWNERSHIP_DECLINED: _MEMBERS,
    EventKind.OWNERSHIP_WITHDRAWN: _MEMBERS,
    EventKind.API_KEY_CREATED: _API_KEYS,
    EventKind.API_KEY_ROTATED: _API_KEYS,
    EventKind.API_KEY_REVOKED: _API_KEYS,
    EventKind.API_KEY_UPDATED: _API_KEYS,
    EventKind.API_KEY_ADOPTED: _API_KEYS | _MEMBERS,
    EventKind.TOKEN_NARROWED: _MEMBERS | _API_KEYS,
    EventKind.TOKEN_REVOKED: _MEMBERS | _API_KEYS,
    EventKind.PROMISE_MADE: _MEMBERS,
    EventKind.PROMISE_ENDED: _MEMBERS,
    EventKind.ACCESS_REVIEW_STARTED: _MEMBERS,
    EventKind.ACCESS_REVIEW_CANCELED: _MEMBERS,
    EventKind.ACCESS_CONFIRMED: _MEMBERS | _API_KEYS,
    EventKind.SHARE_CREATED: _MEMBERS,
    EventKind.SHARE_ACCEPTED: _MEMBERS,
    EventKind.SHARE_UPDATED: _MEMBERS,
    EventKind.SHARE_REVOKED: _MEMBERS,
    EventKind.SHARE_LEFT: _MEMBERS,
    EventKind.SHARE_DECLINED: _MEMBERS,
    EventKind.ROLE_CREATED: _ROLES,
    EventKind.ROLE_UPDATED: _ROLES,
    EventKind.ROLE_DELETED: _ROLES,
    EventKind.PARENT_ACCESS_UPDATED: _NOTHING,
    EventKind.PARENT_ACCESS_REQUESTED: _NOTHING,
    EventKind.PARENT_ACCESS_DECLINED: _NOTHING,
    EventKind.PARENT_ACCESS_WITHDRAWN: _NOTHING,
    EventKind.BREAK_GLASS_OPENED: _NOTHING,
    EventKind.BREAK_GLASS_ENDED: _NOTHING,
    EventKind.SUBACCOUNTS_REQUESTED: _SUBACCOUNTS,
    EventKind.SUBACCOUNTS_DECLINED: _SUBACCOUNTS,
    EventKind.SUBACCOUNTS_WITHDRAWN: _SUBACCOUNTS,
    EventKind.OVERRIDE_REQUESTED: _SETTINGS | _MEMBERS,
    EventKind.OVERRIDE_STARTED: _SETTINGS | _MEMBERS,
    EventKind.OVERRIDE_ENDED: _SETTINGS | _MEMBERS,
    EventKind.REVIEW_REQUESTED: _SETTINGS | _CONTACTS,
    EventKind.REVIEW_CHECKED: _SETTINGS,
    EventKind.REVIEW_APPROVED: _SETTINGS,
    EventKind.REVIEW_DECLINED: _SETTINGS,
    EventKind.REVIEW_REVOKED: _SETTINGS,
    EventKind.REVIEW_WITHDRAWN: _SETTINGS,
    EventKind.ACCESS_EXPIRING: _MEMBERS | _API_KEYS,
    EventKind.ACCESS_EXPIRED: _MEMBERS | _API_KEYS,
    EventKind.SETTINGS_UPDATED: _SETTINGS,
    EventKind.SETTINGS_COPIED: _SETTINGS,
    EventKind.SESSION_LIMITS_UPDATED: _SETTINGS,
    EventKind.SECOND_FACTOR_RULE_UPDATED: _SETTINGS,
    EventKind.SECOND_FACTOR_RESET_APPROVED: _MEMBERS,
    EventKind.PLAN_CHANGED: _PLAN,
    EventKind.PLAN_CHANGE_WITHDRAWN: _PLAN,
    EventKind.LIMIT_INCREASED: _PLAN,
    EventKind.SEND_BUDGET_CHANGED: _PLAN,
    EventKind.CREDIT_BUDGET_CHANGED: _CREDIT,
    EventKind.SEND_RESERVED: _SENDS,
    EventKind.SEND_COMMITTED: _SENDS,
    EventKind.SEND_VOIDED: _SENDS,
    EventKind.RECIPIENTS_UPLOADED: _SENDS,
    EventKind.ATTACHMENT_UPLOADED: _SENDS,
    EventKind.BLOCK_LIST_ADDED: _BLOCK_LIST,
    EventKind.BLOCK_LIST_REMOVED: _BLOCK_LIST,
    EventKind.UNSUBSCRIBES_REPORTED: _CONTACTS,
    EventKind.CONTACT_RESUBSCRIBED: _CONTACTS,
    EventKind.BOUNCES_REPORTED: _CONTACTS,
    EventKind.CREDIT_TRANSFERRED: _CREDIT,
    EventKind.CREDIT_TOPPED_UP: _CREDIT,
    EventKind.CREDIT_TOP_UP_DECLINED: _CREDIT,
    EventKind.CREDIT_MODE_CHANGED: _CREDIT,
    EventKind.CREDIT_SETTLED: _CREDIT,
    EventKind.CREDIT_FORFEITED: _CREDIT,
    EventKind.SINGLE_SIGN_ON_UPDATED: _SETTINGS,
    EventKind.SINGLE_SIGN_ON_REMOVED: _SETTINGS,
    EventKind.SCIM_USER_CREATED: _MEMBERS,
    EventKind.SCIM_USER_UPDATED: _MEMBERS,
    EventKind.SCIM_USER_DELETED: _MEMBERS,
    EventKind.SCIM_GROUP_CREATED: _MEMBERS,
    EventKind.SCIM_GROUP_UPDATED: _MEMBERS,
    EventKind.SCIM_GROUP_DELETED: _MEMBERS,
    EventKind.SCIM_GROUP_ROLE_SET: _MEMBERS,
    EventKind.SCIM_OWNER_KEPT: _MEMBERS,
    EventKind.SCIM_CHANGE_LEFT: _MEMBERS,
    EventKind.DOMAIN_ADDED: _DOMAINS,
    EventKind.DOMAIN_VERIFIED: _DOMAINS,
    EventKind.DOMAIN_BROKEN: _DOMAINS,
    EventKind.DOMAIN_RECOVERED: _DOMAINS,
    EventKind.DOMAIN_REMOVED: _DOMAINS,
    EventKind.DOMAIN_KEY_ADDED: _DOMAINS,
    EventKind.DOMAIN_KEY_REPLACED: _DOMAINS,
    EventKind.PAYMENT_METHOD_ADDED: _CREDIT,
    EventKind.PAYMENT_METHOD_REMOVED: _CREDIT,
    EventKind.TOP_UP_RULE_UPDATED: _CREDIT,
    EventKind.TOP_UP_RULE_PAUSED: _CREDIT,
    EventKind.TOP_UP_RULE_REMOVED: _CREDIT,
    EventKind.BILLING_MODE_CHANGED: _INVOICES,
    EventKind.BILLING_DETAILS_UPDATED: _INVOICES,
    EventKind.INVOICE_ISSUED: _INVOICES,
    EventKind.INVOICE_CREDITED: _INVOICES,
    EventKind.CONTACTS_CHANGED: _CONTACTS,
    EventKind.CONTACTS_IMPORTED: _CONTACTS,
    EventKind.CONTACT_IMPORT_CANCELLED: _CONTACTS,
    EventKind.CONTACT_UPDATED: _CONTACTS,
    EventKind.CONTACT_ERASED: _CONTACTS,
    EventKind.CONTACT_LIST_CREATED: _CONTACTS,
    EventKind.CONTACT_LIST_UPDATED: _CONTACTS,
    EventKind.CONTACT_LIST_DELETED: _CONTACTS,
    EventKind.CONTACT_ATTRIBUTE_CREATED: _CONTACTS,
    EventKind.CONTACT_ATTRIBUTE_DELETED: _CONTACTS,
    EventKind.TEMPLATE_CREATED: _TEMPLATES,
    EventKind.TEMPLATE_UPDATED: _TEMPLATES,
    EventKind.TEMPLATE_DELETED: _TEMPLATES,
    EventKind.MESSAGES_SENT: _MESSAGES,
    EventKind.MESSAGE_CANCELED: _MESSAGES,
    EventKind.MESSAGE_EVENTS_REPORTED: _MESSAGES,
    EventKind.ORDERS_REPORTED: _STATISTICS,
    EventKind.SENDING_PAUSED: _STATISTICS,
    EventKind.SENDING_RESUMED: _STATISTICS,
    EventKind.REPUTATION_CHANGED: _STATISTICS,
    EventKind.CAMPAIGN_CREATED: _CAMPAIGNS,
    EventKind.CAMPAIGN_UPDATED: _CAMPAIGNS,
    EventKind.CAMPAIGN_DELETED: _CAMPAIGNS,
    EventKind.CAMPAIGN_SUBMITTED: _CAMPAIGNS,
    EventKind.CAMPAIGN_APPROVED: _CAMPAIGNS,
    EventKind.CAMPAIGN_SCHEDULED: _CAMPAIGNS,
    EventKind.CAMPAIGN_STARTED: _CAMPAIGNS,
    EventKind.CAMPAIGN_PAUSED: _CAMPAIGNS,
    EventKind.CAMPAIGN_RESUMED: _CAMPAIGNS,
    EventKind.CAMPAIGN_CANCELED: _CAMPAIGNS,
    EventKind.CAMPAIGN_FAILED: _CAMPAIGNS,
    EventKind.CAMPAIGN_SENT: _CAMPAIGNS,
}
"""What a viewer of the log needs besides, to see the values of an event of the kind. A kind that is missing
stops the start."""


def _by_needed() -> dict[frozenset[Permission], list[ColumnElement[str]]]:
    grouped = defaultdict[frozenset[Permission], list[ColumnElement[str]]](list)
    for kind in EventKind:
        grouped[NEEDED[kind]].append(_literal(kind.value))
    return grouped


def _literal(value: str) -> ColumnElement[str]:
    return literal_column(f"'{value}'", Text)


_KINDS = _by_needed()
_SETTINGS_OF_ACCOUNTS = literal_column("ARRAY['rights_inheritance', 'api_key_creation']", ARRAY(Text))


def is_shown(event: FromClause) -> ColumnElement[bool]:
    """Whether the viewer sees the event's values. Rights are looked up for the kinds alone that need some."""
    open_to_all = event.c.kind.in_(_KINDS[_NOTHING])
    needed = case(
        *[
            (event.c.kind.in_(kinds), mask_literal(mask_of(permissions)))
            for permissions, kinds in _KINDS.items()
            if permissions
        ]
    )
    return or_(open_to_all, _names_no_settings(event), account_where_all(event, needed))


def _names_no_settings(event: FromClause) -> ColumnElement[bool]:
    """Whether only an account's name and external id were changed. Two of its fields are settings."""
    is_update = event.c.kind == _literal(EventKind.ACCOUNT_UPDATED.value)
    return and_(is_update, not_(event.c.after.op("?|", is_comparison=True)(_SETTINGS_OF_ACCOUNTS)))
