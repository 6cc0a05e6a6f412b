"""Who sees what a change was: an event's values and its reason belong to the area that was changed (T38)."""

from collections import defaultdict

from sqlalchemy import ARRAY, ColumnElement, FromClause, Text, and_, case, literal_column, not_, or_

from authz.policy.permissions import Permission, mask_literal, mask_of
from authz.reach.reach import account_where_all
from resolvers.effects.event_types import EventType

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
_WEBHOOKS = frozenset({Permission.WEBHOOKS_READ})
_SETTINGS = frozenset({Permission.SETTINGS_READ})

NEEDED = {
    EventType.ACCOUNT_CREATED: _NOTHING,
    EventType.ACCOUNT_UPDATED: _SETTINGS,  # only where it names settings, see `_names_no_settings`
    EventType.ACCOUNT_SUSPENDED: _NOTHING,
    EventType.ACCOUNT_RESUMED: _NOTHING,
    EventType.ACCOUNT_REOPENED: _NOTHING,
    EventType.ACCOUNT_CLOSED: _NOTHING,
    EventType.MEMBER_INVITED: _MEMBERS,
    EventType.MEMBER_JOINED: _MEMBERS,
    EventType.MEMBER_UPDATED: _MEMBERS,
    EventType.MEMBER_REMOVED: _MEMBERS,
    EventType.MEMBER_LEFT: _MEMBERS,
    EventType.INVITATION_REVOKED: _MEMBERS,
    EventType.INVITATION_DECLINED: _MEMBERS,
    EventType.OWNERSHIP_OFFERED: _MEMBERS,
    EventType.OWNERSHIP_TRANSFERRED: _MEMBERS,
    EventType.OWNERSHIP_DECLINED: _MEMBERS,
    EventType.OWNERSHIP_WITHDRAWN: _MEMBERS,
    EventType.API_KEY_CREATED: _API_KEYS,
    EventType.API_KEY_ROTATED: _API_KEYS,
    EventType.API_KEY_REVOKED: _API_KEYS,
    EventType.API_KEY_UPDATED: _API_KEYS,
    EventType.API_KEY_ADOPTED: _API_KEYS | _MEMBERS,
    EventType.TOKEN_NARROWED: _MEMBERS | _API_KEYS,
    EventType.TOKEN_REVOKED: _MEMBERS | _API_KEYS,
    EventType.PROMISE_MADE: _MEMBERS,
    EventType.PROMISE_ENDED: _MEMBERS,
    EventType.PROMISE_EXCEPTED: _MEMBERS,
    EventType.ACCESS_REVIEW_STARTED: _MEMBERS,
    EventType.ACCESS_REVIEW_CANCELED: _MEMBERS,
    EventType.ACCESS_CONFIRMED: _MEMBERS | _API_KEYS,
    EventType.SHARE_CREATED: _MEMBERS,
    EventType.SHARE_ACCEPTED: _MEMBERS,
    EventType.SHARE_UPDATED: _MEMBERS,
    EventType.SHARE_REVOKED: _MEMBERS,
    EventType.SHARE_LEFT: _MEMBERS,
    EventType.SHARE_DECLINED: _MEMBERS,
    EventType.ROLE_CREATED: _ROLES,
    EventType.ROLE_UPDATED: _ROLES,
    EventType.ROLE_DELETED: _ROLES,
    EventType.PARENT_ACCESS_UPDATED: _NOTHING,
    EventType.PARENT_ACCESS_REQUESTED: _NOTHING,
    EventType.PARENT_ACCESS_DECLINED: _NOTHING,
    EventType.PARENT_ACCESS_WITHDRAWN: _NOTHING,
    EventType.BREAK_GLASS_OPENED: _NOTHING,
    EventType.BREAK_GLASS_ENDED: _NOTHING,
    EventType.SUBACCOUNTS_REQUESTED: _SUBACCOUNTS,
    EventType.SUBACCOUNTS_DECLINED: _SUBACCOUNTS,
    EventType.SUBACCOUNTS_WITHDRAWN: _SUBACCOUNTS,
    EventType.OVERRIDE_REQUESTED: _SETTINGS | _MEMBERS,
    EventType.OVERRIDE_STARTED: _SETTINGS | _MEMBERS,
    EventType.OVERRIDE_ENDED: _SETTINGS | _MEMBERS,
    EventType.REVIEW_REQUESTED: _SETTINGS | _CONTACTS,
    EventType.REVIEW_CHECKED: _SETTINGS,
    EventType.REVIEW_APPROVED: _SETTINGS,
    EventType.REVIEW_DECLINED: _SETTINGS,
    EventType.REVIEW_REVOKED: _SETTINGS,
    EventType.REVIEW_WITHDRAWN: _SETTINGS,
    EventType.ACCESS_EXPIRING: _MEMBERS | _API_KEYS,
    EventType.ACCESS_EXPIRED: _MEMBERS | _API_KEYS,
    EventType.SETTINGS_UPDATED: _SETTINGS,
    EventType.SETTINGS_COPIED: _SETTINGS,
    EventType.SESSION_LIMITS_UPDATED: _SETTINGS,
    EventType.SECOND_FACTOR_RULE_UPDATED: _SETTINGS,
    EventType.SECOND_FACTOR_RESET_APPROVED: _MEMBERS,
    EventType.PLAN_CHANGED: _PLAN,
    EventType.PLAN_CHANGE_WITHDRAWN: _PLAN,
    EventType.LIMIT_INCREASED: _PLAN,
    EventType.SEND_BUDGET_CHANGED: _PLAN,
    EventType.CREDIT_BUDGET_CHANGED: _CREDIT,
    EventType.SEND_RESERVED: _SENDS,
    EventType.SEND_COMMITTED: _SENDS,
    EventType.SEND_VOIDED: _SENDS,
    EventType.RECIPIENTS_UPLOADED: _SENDS,
    EventType.ATTACHMENT_UPLOADED: _SENDS,
    EventType.BLOCK_LIST_ADDED: _BLOCK_LIST,
    EventType.BLOCK_LIST_REMOVED: _BLOCK_LIST,
    EventType.UNSUBSCRIBES_REPORTED: _CONTACTS,
    EventType.CONTACT_RESUBSCRIBED: _CONTACTS,
    EventType.BOUNCES_REPORTED: _CONTACTS,
    EventType.CREDIT_TRANSFERRED: _CREDIT,
    EventType.CREDIT_TOPPED_UP: _CREDIT,
    EventType.CREDIT_TOP_UP_DECLINED: _CREDIT,
    EventType.CREDIT_MODE_CHANGED: _CREDIT,
    EventType.CREDIT_SETTLED: _CREDIT,
    EventType.CREDIT_FORFEITED: _CREDIT,
    EventType.SINGLE_SIGN_ON_UPDATED: _SETTINGS,
    EventType.SINGLE_SIGN_ON_REMOVED: _SETTINGS,
    EventType.SINGLE_SIGN_ON_CHANGE_LEFT: _MEMBERS,
    EventType.SCIM_USER_CREATED: _MEMBERS,
    EventType.SCIM_USER_UPDATED: _MEMBERS,
    EventType.SCIM_USER_DELETED: _MEMBERS,
    EventType.SCIM_GROUP_CREATED: _MEMBERS,
    EventType.SCIM_GROUP_UPDATED: _MEMBERS,
    EventType.SCIM_GROUP_DELETED: _MEMBERS,
    EventType.SCIM_GROUP_ROLE_SET: _MEMBERS,
    EventType.SCIM_OWNER_KEPT: _MEMBERS,
    EventType.SCIM_CHANGE_LEFT: _MEMBERS,
    EventType.DOMAIN_ADDED: _DOMAINS,
    EventType.DOMAIN_VERIFIED: _DOMAINS,
    EventType.DOMAIN_BROKEN: _DOMAINS,
    EventType.DOMAIN_RECOVERED: _DOMAINS,
    EventType.DOMAIN_REMOVED: _DOMAINS,
    EventType.DOMAIN_KEY_ADDED: _DOMAINS,
    EventType.DOMAIN_KEY_REPLACED: _DOMAINS,
    EventType.WEBHOOK_CREATED: _WEBHOOKS,
    EventType.WEBHOOK_UPDATED: _WEBHOOKS,
    EventType.WEBHOOK_DELETED: _WEBHOOKS,
    EventType.WEBHOOK_SECRET_ROTATED: _WEBHOOKS,
    EventType.WEBHOOK_REPLAYED: _WEBHOOKS,
    EventType.WEBHOOK_REPLAY_CANCELED: _WEBHOOKS,
    EventType.WEBHOOK_DELIVERY_RETRIED: _WEBHOOKS,
    EventType.WEBHOOK_DELIVERY_FAILED: _WEBHOOKS,
    EventType.WEBHOOK_PAUSED: _WEBHOOKS,
    EventType.WEBHOOK_RESUMED: _WEBHOOKS,
    EventType.PAYMENT_METHOD_ADDED: _CREDIT,
    EventType.PAYMENT_METHOD_REMOVED: _CREDIT,
    EventType.TOP_UP_RULE_UPDATED: _CREDIT,
    EventType.TOP_UP_RULE_PAUSED: _CREDIT,
    EventType.TOP_UP_RULE_REMOVED: _CREDIT,
    EventType.BILLING_MODE_CHANGED: _INVOICES,
    EventType.BILLING_DETAILS_UPDATED: _INVOICES,
    EventType.INVOICE_ISSUED: _INVOICES,
    EventType.INVOICE_CREDITED: _INVOICES,
    EventType.CONTACTS_CHANGED: _CONTACTS,
    EventType.CONTACTS_IMPORTED: _CONTACTS,
    EventType.CONTACT_IMPORT_CANCELLED: _CONTACTS,
    EventType.CONTACT_UPDATED: _CONTACTS,
    EventType.CONTACT_ERASED: _CONTACTS,
    EventType.CONTACT_LIST_CREATED: _CONTACTS,
    EventType.CONTACT_LIST_UPDATED: _CONTACTS,
    EventType.CONTACT_LIST_DELETED: _CONTACTS,
    EventType.CONTACT_ATTRIBUTE_CREATED: _CONTACTS,
    EventType.CONTACT_ATTRIBUTE_DELETED: _CONTACTS,
    EventType.TEMPLATE_CREATED: _TEMPLATES,
    EventType.TEMPLATE_UPDATED: _TEMPLATES,
    EventType.TEMPLATE_DELETED: _TEMPLATES,
    EventType.MESSAGES_SENT: _MESSAGES,
    EventType.MESSAGE_CANCELED: _MESSAGES,
    EventType.MESSAGE_EVENTS_REPORTED: _MESSAGES,
    EventType.ORDERS_REPORTED: _STATISTICS,
    EventType.SENDING_PAUSED: _STATISTICS,
    EventType.SENDING_RESUMED: _STATISTICS,
    EventType.REPUTATION_CHANGED: _STATISTICS,
    EventType.CAMPAIGN_CREATED: _CAMPAIGNS,
    EventType.CAMPAIGN_UPDATED: _CAMPAIGNS,
    EventType.CAMPAIGN_DELETED: _CAMPAIGNS,
    EventType.CAMPAIGN_SUBMITTED: _CAMPAIGNS,
    EventType.CAMPAIGN_APPROVED: _CAMPAIGNS,
    EventType.CAMPAIGN_SCHEDULED: _CAMPAIGNS,
    EventType.CAMPAIGN_STARTED: _CAMPAIGNS,
    EventType.CAMPAIGN_PAUSED: _CAMPAIGNS,
    EventType.CAMPAIGN_RESUMED: _CAMPAIGNS,
    EventType.CAMPAIGN_CANCELED: _CAMPAIGNS,
    EventType.CAMPAIGN_FAILED: _CAMPAIGNS,
    EventType.CAMPAIGN_SENT: _CAMPAIGNS,
}
"""What a viewer of the log needs besides, to see the values of an event of the type. A type that is missing
stops the start."""


def _by_needed() -> dict[frozenset[Permission], list[ColumnElement[str]]]:
    grouped = defaultdict[frozenset[Permission], list[ColumnElement[str]]](list)
    for event_type in EventType:
        grouped[NEEDED[event_type]].append(_literal(event_type.value))
    return grouped


def _literal(value: str) -> ColumnElement[str]:
    return literal_column(f"'{value}'", Text)


_TYPES = _by_needed()
_SETTINGS_OF_ACCOUNTS = literal_column("ARRAY['rights_inheritance', 'api_key_creation']", ARRAY(Text))


def is_shown(event: FromClause) -> ColumnElement[bool]:
    """Whether the viewer sees the event's values. Rights are looked up for the types alone that need some."""
    open_to_all = event.c.type.in_(_TYPES[_NOTHING])
    needed = case(
        *[
            (event.c.type.in_(types), mask_literal(mask_of(permissions)))
            for permissions, types in _TYPES.items()
            if permissions
        ]
    )
    return or_(open_to_all, _names_no_settings(event), account_where_all(event, needed))


def _names_no_settings(event: FromClause) -> ColumnElement[bool]:
    """Whether only an account's name and external id were changed. Two of its fields are settings."""
    is_update = event.c.type == _literal(EventType.ACCOUNT_UPDATED.value)
    return and_(is_update, not_(event.c.after.op("?|", is_comparison=True)(_SETTINGS_OF_ACCOUNTS)))
