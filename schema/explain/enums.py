"""Enums of the area, as GraphQL shows them."""

from authz.explain.steps import AccessDecision, AccessEffect, AccessStepKind
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        AccessDecision, {"ALLOWED": "The action is allowed now.", "DENIED": "The action is denied."}
    ),
    EnumDescription(
        AccessEffect,
        {
            "ALLOWS": "The rule allows this source of access.",
            "DENIES": "The rule blocks this source of access.",
            "NO_SAY": "The rule gives information and decides nothing.",
        },
    ),
    EnumDescription(
        AccessStepKind,
        {
            "MEMBERSHIP": "A role in the account, or in one above it.",
            "BREAK_GLASS": "A break-glass opening of the account, or of one above it, that has not ended.",
            "SHARE": "A share of the account.",
            "KEY_STATE": "Whether the API key is usable: not revoked, not expired and not stopped.",
            "KEY_ADDRESS": "The network addresses that the API key accepts.",
            "KEY_ACCOUNT": "The account that the API key is bound to.",
            "USER_RIGHTS": "The limit that platform support set for the person's rights in the accounts "
            "below.",
            "ROLE": "The role that the subject has, or one that would help.",
            "TREE_LINK": "Which roles the account above passes down.",
            "PARENT_ACCESS": "The parent access of the account, or of one above it.",
            "POLICY_LINE": "A line of the role's policy.",
            "SHARE_AREA": "The only areas that the share opens.",
            "HIDDEN_AREA": "The areas that the share hides.",
            "KEY_SCOPE": "The scopes of the API key.",
            "REACH": "Whether the subject can see the account at all.",
            "TOKEN_STATE": "Whether the narrowed token is usable: it has not ended, nor what it was made of.",
            "TOKEN_ACCOUNT": "The accounts that the narrowed token works in.",
            "TOKEN_SCOPE": "The permissions of the narrowed token.",
            "ACCOUNT_STATUS": "The status of the account and of those above it.",
            "PROMISE": "What the account has promised about the permission: changes are held to it.",
        },
    ),
)
