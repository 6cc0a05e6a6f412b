"""Enums of the area, as GraphQL shows them."""

from authz.explain.steps import AccessDecision, AccessEffect, AccessStepKind
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(AccessDecision, {"ALLOWED": "It may be done now.", "DENIED": "It may not."}),
    EnumDescription(
        AccessEffect,
        {
            "ALLOWS": "It lets this way through.",
            "DENIES": "It stands in the way.",
            "NO_SAY": "It tells, and decides nothing.",
        },
    ),
    EnumDescription(
        AccessStepKind,
        {
            "MEMBERSHIP": "A role in the account, or in one above it.",
            "BREAK_GLASS": "The glass of the account, or of one above it, was broken.",
            "SHARE": "The account is shared.",
            "KEY_STATE": "Whether the API key works: neither revoked nor expired nor stopped.",
            "KEY_ADDRESS": "The network addresses from which the API key works.",
            "KEY_ACCOUNT": "The account that the API key is bound to.",
            "USER_RIGHTS": "What platform support has set for the person, in the accounts below.",
            "ROLE": "The role that is held, or that would help.",
            "TREE_LINK": "How the account above passes roles down.",
            "PARENT_ACCESS": "What the account, or one above it, lets pass of the rights held above it.",
            "POLICY_LINE": "The line of the role's policy.",
            "SHARE_AREA": "The areas that the share opens alone.",
            "HIDDEN_AREA": "The areas that the share hides.",
            "KEY_SCOPE": "The scopes of the API key.",
            "REACH": "Whether the account is there at all for the subject.",
            "ACCOUNT_STATUS": "The status of the account and of those above it.",
        },
    ),
)
