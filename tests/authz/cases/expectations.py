"""What each built-in role may do, written by hand from the documentation and from nothing else.

The policy, its masks and the queries are all held to this page, so it takes only the roles' names from them.
"""

from authz.policy.builtin_roles import BuiltinRole


def named(text: str) -> frozenset[str]:
    """The permissions that the text names."""
    return frozenset(text.split())


EVERYTHING = named(
    """
    ACCOUNT_READ ACCOUNT_WRITE ACCOUNT_SUSPEND ACCOUNT_CLOSE ACCOUNT_TRANSFER
    SUBACCOUNTS_READ SUBACCOUNTS_WRITE
    MEMBERS_READ MEMBERS_WRITE
    ROLES_READ ROLES_WRITE
    API_KEYS_READ API_KEYS_WRITE
    CREDIT_READ CREDIT_WRITE CREDIT_TRANSFER
    INVOICES_READ INVOICES_WRITE
    PLAN_READ PLAN_WRITE
    CONTACTS_READ CONTACTS_WRITE
    BLOCK_LIST_READ BLOCK_LIST_WRITE
    CAMPAIGNS_READ CAMPAIGNS_WRITE CAMPAIGNS_SEND
    TRANSACTIONAL_READ TRANSACTIONAL_WRITE TRANSACTIONAL_SEND
    TEMPLATES_READ TEMPLATES_WRITE
    DOMAINS_READ DOMAINS_WRITE
    STATISTICS_READ
    SETTINGS_READ SETTINGS_WRITE
    AUDIT_READ
    WEBHOOKS_READ WEBHOOKS_WRITE
    """
)

READS = frozenset(name for name in EVERYTHING if name.endswith("_READ"))
"""What is left of an account that is suspended or closed (T7)."""

AS_MEMBER = {
    # No account suspends or resumes itself: those above it do.
    BuiltinRole.OWNER: EVERYTHING - named("ACCOUNT_SUSPEND"),
    BuiltinRole.ADMINISTRATOR: EVERYTHING - named("ACCOUNT_SUSPEND ACCOUNT_CLOSE ACCOUNT_TRANSFER"),
    BuiltinRole.DEVELOPER: named(
        "ACCOUNT_READ API_KEYS_READ API_KEYS_WRITE WEBHOOKS_READ WEBHOOKS_WRITE DOMAINS_READ DOMAINS_WRITE"
    ),
    BuiltinRole.FINANCE: named(
        """
        ACCOUNT_READ CREDIT_READ CREDIT_WRITE CREDIT_TRANSFER INVOICES_READ INVOICES_WRITE PLAN_READ
        PLAN_WRITE STATISTICS_READ
        """
    ),
    BuiltinRole.MARKETER: named(
        """
        ACCOUNT_READ CONTACTS_READ CONTACTS_WRITE CAMPAIGNS_READ CAMPAIGNS_WRITE CAMPAIGNS_SEND TEMPLATES_READ
        TEMPLATES_WRITE STATISTICS_READ
        """
    ),
    BuiltinRole.ANALYST: named("ACCOUNT_READ STATISTICS_READ"),
}
"""In the account that the role is held in."""

MANAGING = frozenset({BuiltinRole.OWNER, BuiltinRole.ADMINISTRATOR})

FROM_ABOVE = {role: EVERYTHING if role in MANAGING else named("") for role in BuiltinRole}
"""In the accounts below, as accounts are made: administrators manage them (R45), others do not reach them."""

INHERITED = {role: EVERYTHING if role in MANAGING else AS_MEMBER[role] for role in BuiltinRole}
"""In the accounts below one that passes all of its roles down (R66, R73)."""
