"""The rules as tables, copied by hand from docs/access/: what roles give, what passes a link, what fields
need.

Permissions and roles are known by their names alone.
"""

from dataclasses import dataclass


def named(text: str) -> frozenset[str]:
    """The permissions that the text names."""
    return frozenset(text.split())


EVERYTHING = named(
    """
    ACCOUNT_READ ACCOUNT_WRITE ACCOUNT_SUSPEND ACCOUNT_CLOSE ACCOUNT_TRANSFER SUBACCOUNTS_READ
    SUBACCOUNTS_WRITE MEMBERS_READ MEMBERS_WRITE ROLES_READ ROLES_WRITE API_KEYS_READ API_KEYS_WRITE
    CREDIT_READ CREDIT_WRITE CREDIT_TRANSFER INVOICES_READ INVOICES_WRITE PLAN_READ PLAN_WRITE CONTACTS_READ
    CONTACTS_WRITE BLOCK_LIST_READ BLOCK_LIST_WRITE CAMPAIGNS_READ CAMPAIGNS_WRITE CAMPAIGNS_SEND
    TRANSACTIONAL_READ TRANSACTIONAL_WRITE TRANSACTIONAL_SEND TEMPLATES_READ TEMPLATES_WRITE DOMAINS_READ
    DOMAINS_WRITE STATISTICS_READ SETTINGS_READ SETTINGS_WRITE AUDIT_READ WEBHOOKS_READ WEBHOOKS_WRITE
    """
)

READS = frozenset(name for name in EVERYTHING if name.endswith("_READ"))


def area_of(permission: str) -> str:
    """`API_KEYS` of `API_KEYS_READ`."""
    return permission.rpartition("_")[0]


AREAS = frozenset(map(area_of, EVERYTHING))


@dataclass(frozen=True)
class Gives:
    """What a role gives: in its account, below it always, and below it with ALL_ROLES."""

    here: frozenset[str]
    below: frozenset[str]
    inherited: frozenset[str]


def _staying(text: str) -> Gives:
    return Gives(named(text), frozenset(), named(text))


BUILT_IN = {
    # No account suspends itself: those above it do.
    "OWNER": Gives(EVERYTHING - named("ACCOUNT_SUSPEND"), EVERYTHING, EVERYTHING),
    "ADMINISTRATOR": Gives(
        EVERYTHING - named("ACCOUNT_SUSPEND ACCOUNT_CLOSE ACCOUNT_TRANSFER"), EVERYTHING, EVERYTHING
    ),
    "DEVELOPER": _staying(
        "ACCOUNT_READ API_KEYS_READ API_KEYS_WRITE WEBHOOKS_READ WEBHOOKS_WRITE DOMAINS_READ DOMAINS_WRITE"
    ),
    "FINANCE": _staying(
        "ACCOUNT_READ CREDIT_READ CREDIT_WRITE CREDIT_TRANSFER INVOICES_READ INVOICES_WRITE PLAN_READ "
        "PLAN_WRITE STATISTICS_READ"
    ),
    "MARKETER": _staying(
        "ACCOUNT_READ CONTACTS_READ CONTACTS_WRITE CAMPAIGNS_READ CAMPAIGNS_WRITE CAMPAIGNS_SEND "
        "TEMPLATES_READ TEMPLATES_WRITE STATISTICS_READ"
    ),
    "ANALYST": _staying("ACCOUNT_READ STATISTICS_READ"),
}

LEAST = named("ACCOUNT_READ ACCOUNT_SUSPEND")

PASSES = {
    "FULL": EVERYTHING,
    "READ_ONLY": READS | LEAST,
    "BREAK_GLASS": LEAST,
    "NONE": LEAST,
}
"""By `parentAccess`: what of the rights held above passes the link, while no glass is broken."""

OTHER_STREAM = {"MARKETING": named("TRANSACTIONAL_SEND"), "TRANSACTIONAL": named("CAMPAIGNS_SEND")}
"""By an API key's purpose: what it never holds (R7)."""

NEEDS = {
    "rightsInheritance": "SETTINGS_READ",
    "apiKeyCreation": "SETTINGS_READ",
    "unsubscribeScope": "SETTINGS_READ",
    "sendingDomainLimit": "SETTINGS_READ",
    "fieldFunctions": "SETTINGS_READ",
    "reviewApproved": "SETTINGS_READ",
    "overrides": "SETTINGS_READ",
    "subaccounts": "SUBACCOUNTS_READ",
    "descendants": "SUBACCOUNTS_READ",
    "found": "SUBACCOUNTS_READ",
    "inactive": "SUBACCOUNTS_READ",
    "subaccountsRequests": "SUBACCOUNTS_READ",
    "members": "MEMBERS_READ",
    "everybody": "MEMBERS_READ",
    "ofRole": "MEMBERS_READ",
    "membersBelow": "MEMBERS_READ",
    "invitations": "MEMBERS_READ",
    "pending": "MEMBERS_READ",
    "invitationsBelow": "MEMBERS_READ",
    "shares": "MEMBERS_READ",
    "active": "MEMBERS_READ",
    "sharesBelow": "MEMBERS_READ",
    "roles": "ROLES_READ",
    "apiKeys": "API_KEYS_READ",
    "allKeys": "API_KEYS_READ",
    "keysBelow": "API_KEYS_READ",
    "ghosts": "API_KEYS_READ",
    "events": "AUDIT_READ",
    "creations": "AUDIT_READ",
    "eventsBelow": "AUDIT_READ",
    "breakGlassOpenings": "AUDIT_READ",
}
"""By a field of an account, as `questions` asks for it: without this it answers FORBIDDEN."""

VALUES_NEED = {
    "": """
        ACCOUNT_CREATED ACCOUNT_SUSPENDED ACCOUNT_CLOSED PARENT_ACCESS_REQUESTED PARENT_ACCESS_UPDATED
        BREAK_GLASS_OPENED BREAK_GLASS_ENDED
        """,
    "MEMBERS_READ": """
        MEMBER_INVITED MEMBER_JOINED MEMBER_UPDATED MEMBER_REMOVED INVITATION_REVOKED SHARE_CREATED
        SHARE_ACCEPTED SHARE_LEFT SHARE_REVOKED PROMISE_MADE PROMISE_ENDED ACCESS_REVIEW_STARTED
        ACCESS_REVIEW_CANCELED SCIM_USER_CREATED SCIM_GROUP_CREATED SCIM_GROUP_ROLE_SET
        """,
    "API_KEYS_READ": "API_KEY_CREATED API_KEY_REVOKED",
    "API_KEYS_READ MEMBERS_READ": "API_KEY_ADOPTED ACCESS_CONFIRMED TOKEN_NARROWED TOKEN_REVOKED",
    "ROLES_READ": "ROLE_CREATED",
    "CONTACTS_READ": """
        CONTACT_ATTRIBUTE_CREATED CONTACT_LIST_CREATED CONTACTS_CHANGED UNSUBSCRIBES_REPORTED BOUNCES_REPORTED
        """,
    "TEMPLATES_READ": "TEMPLATE_CREATED",
    "BLOCK_LIST_READ": "BLOCK_LIST_ADDED",
    "DOMAINS_READ": "DOMAIN_ADDED DOMAIN_REMOVED",
    "WEBHOOKS_READ": "WEBHOOK_CREATED WEBHOOK_DELETED",
    "CAMPAIGNS_READ": "CAMPAIGN_CREATED",
    "CAMPAIGNS_READ TRANSACTIONAL_READ": "MESSAGES_SENT MESSAGE_EVENTS_REPORTED",
    "STATISTICS_READ": "SENDING_PAUSED",
    "SETTINGS_READ": "ACCOUNT_UPDATED SECOND_FACTOR_RULE_UPDATED SETTINGS_UPDATED REVIEW_WITHDRAWN",
    "SETTINGS_READ CONTACTS_READ": "REVIEW_REQUESTED",
}
"""By what they need besides AUDIT_READ: the kinds of events whose values it shows. The only accounts that are
updated here get other settings."""

VALUES_OF = {kind: named(needs) for needs, kinds in VALUES_NEED.items() for kind in kinds.split()}

STOCK_AREAS = ("CONTACTS", "BLOCK_LIST", "DOMAINS", "SETTINGS", "WEBHOOKS")
"""The areas of what accounts write with."""

STOCK_PERMISSIONS = named("ACCOUNT_READ CAMPAIGNS_SEND") | {
    name for name in EVERYTHING if area_of(name) in STOCK_AREAS
}
"""What sees and changes all of it."""

STOCK_NEEDS = {
    "contacts": "CONTACTS_READ",
    "byEmail": "CONTACTS_READ",
    "byPrefix": "CONTACTS_READ",
    "byExternalId": "CONTACTS_READ",
    "byAttribute": "CONTACTS_READ",
    "inList": "CONTACTS_READ",
    "contactLists": "CONTACTS_READ",
    "listsFound": "CONTACTS_READ",
    "contactAttributes": "CONTACTS_READ",
    "jobs": "CONTACTS_READ",
    "domains": "DOMAINS_READ",
    "webhooks": "WEBHOOKS_READ",
    "settings": "SETTINGS_READ",
    "review": "SETTINGS_READ",
    "templates": "TEMPLATES_READ",
    "templatesFound": "TEMPLATES_READ",
}
"""The same of `stock.questions`."""

SENT_NEEDS = {
    "campaigns": "CAMPAIGNS_READ",
    "labeled": "CAMPAIGNS_READ",
    "sentOnes": "CAMPAIGNS_READ",
    "campaignsBelow": "CAMPAIGNS_READ",
    "labeledBelow": "CAMPAIGNS_READ",
    "marketingMessages": "CAMPAIGNS_READ",
    "marketingLabeled": "CAMPAIGNS_READ",
    "transactionalMessages": "TRANSACTIONAL_READ",
    "transactionalLabeled": "TRANSACTIONAL_READ",
    "sendingSources": "STATISTICS_READ",
}
"""The same of `sent.questions`."""

WATCHED_NEEDS = {
    "requiresSecondFactor": "SETTINGS_READ",
    "ownRequiresSecondFactor": "SETTINGS_READ",
    "accessPromises": "MEMBERS_READ",
    "accessReviews": "MEMBERS_READ",
    "scimGroups": "MEMBERS_READ",
}
"""The same of `watched.questions`."""
