"""The enums of the lower layers, as GraphQL sees them."""

import enum

from authz.callers.principals import PrincipalKind
from authz.explain.steps import AccessDecision, AccessEffect, AccessStepKind
from authz.offers.acceptance import OfferLapse
from authz.policy.permissions import Area, Permission
from authz.policy.refusals import RefusalCode
from authz.reach.key_makers import GhostReason
from authz.reach.role_uses import RoleUseKind
from models.accounts.tables import (
    AccountKind,
    AccountStatus,
    ApiKeyCreationPlace,
    ParentAccess,
    RightsInheritance,
)
from models.api_keys.tables import ApiKeyPurpose, WhenMakerLosesAccess
from models.roles.tables import Effect, Relation
from models.staff.overrides import OverrideKind, UnsubscribeScope
from models.staff.tables import StaffRole
from resolvers.accounts.reads import AccountOrder
from resolvers.effects.event_kinds import EventKind
from resolvers.invitations.reads import InvitationStatus
from resolvers.members.reads import MemberRelation
from resolvers.shares.reads import ShareStatus
from resolvers.staff.overrides import OverrideStatus
from resolvers.staff.subaccounts_requests import SubaccountsRequestStatus
from schema.fields.enum_publishing import by, by_value, publish

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


def _permission(member: enum.Enum) -> str:
    permission = Permission[member.name]
    return _ACTIONS[permission.action].format(area=_AREAS[permission.area])


publish(
    AccessDecision,
    by({"ALLOWED": "It may be done now.", "DENIED": "It may not."}),
)
publish(
    AccessEffect,
    by(
        {
            "ALLOWS": "It lets this way through.",
            "DENIES": "It stands in the way.",
            "NO_SAY": "It tells, and decides nothing.",
        }
    ),
)
publish(
    AccessStepKind,
    by(
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
        }
    ),
)
publish(
    AccountKind,
    by({"MASTER": "The root of a tree.", "SUBACCOUNT": "Managed by the account above it."}),
)
publish(
    AccountOrder,
    by(
        {
            "CREATED": "Oldest first.",
            "CREATED_DESC": "Newest first.",
            "NAME": "By name, whatever its case.",
            "NAME_DESC": "By name, backwards.",
        }
    ),
)
publish(
    AccountStatus,
    by(
        {
            "ACTIVE": "In use.",
            "SUSPENDED": "Can be read, not changed, until it is resumed.",
            "CLOSED": "Ended for good; can still be read.",
        }
    ),
)
publish(
    ApiKeyCreationPlace,
    by(
        {
            "ANYWHERE": "By who holds API_KEYS_WRITE in the key's account.",
            "MASTER_ONLY": "By who holds it from the master account; others rotate and revoke (R13).",
        }
    ),
)
publish(
    ApiKeyPurpose,
    by(
        {
            "MARKETING": "Campaigns; it never holds TRANSACTIONAL_SEND.",
            "TRANSACTIONAL": "Single messages; it never holds CAMPAIGNS_SEND.",
        }
    ),
)
publish(Area, lambda member: f"{_AREAS[Area[member.name]].capitalize()}.")
publish(
    Effect,
    by({"ALLOW": "What it names is allowed.", "DENY": "What it names is denied, whatever else allows it."}),
    "PolicyEffect",
)
publish(EventKind, by_value)
publish(
    GhostReason,
    by(
        {
            "MAKER_LEFT": "The person does not reach the account any more.",
            "MAKER_LOST_RIGHT": "API_KEYS_WRITE, or something that the key gives, is not held any more.",
            "MAKER_ENDED": "The API key that made it was revoked, has expired or has stopped.",
            "MAKER_RIGHT_ENDS": "The maker could make it now only by a share, or by a right that ends before "
            "the key does.",
            "ROTATOR_LOST_RIGHT": "Whoever rotated it last, and so knows its secret, could not do so now. "
            "`apiKeyRotate` gives it a new one.",
        }
    ),
)
publish(
    InvitationStatus,
    by(
        {
            "PENDING": "Waits for an answer.",
            "ACCEPTED": "Became a membership.",
            "REVOKED": "Was withdrawn, or replaced by a newer one.",
            "EXPIRED": "Was not answered in time.",
            "DECLINED": "Was answered with no.",
            "LAPSED": "Nobody can accept it as things are; `lapse` says why.",
        }
    ),
)
publish(
    OfferLapse,
    by(
        {
            "MEMBERSHIP_ENDED": "The membership that it offers would have ended by now.",
            "ACCOUNT_CLOSED": "The account, or one above it, is closed.",
            "ACCOUNT_SUSPENDED": "The account, or one above it, is suspended.",
            "GIVER_LOST_RIGHT": "Whoever made it may not give that much there any more.",
        }
    ),
)
publish(
    MemberRelation,
    by({"MEMBER": "The role is held in this account.", "ANCESTOR": "The role is held in one above it."}),
)
publish(
    OverrideKind,
    by(
        {
            "SUBACCOUNTS": "Subaccounts are unlocked, for the whole tree of a master account (R11).",
            "UNSUBSCRIBE_SCOPE": "What an unsubscribe holds for (R77); another of the staff approves it.",
            "SENDING_DOMAINS": "How many sending domains the account may have (R80).",
            "FIELD_FUNCTIONS": "Whether field functions work, here and below (R83).",
            "REVIEW_APPROVED": "A sample of the account's recipients passed the quality check (R85, R86); "
            "another of the staff approves it.",
            "USER_RIGHTS": "What one member's role gives in the accounts below at most (R73).",
        }
    ),
)
publish(
    OverrideStatus,
    by(
        {
            "WAITING": "Does not hold: somebody else of the staff has to approve it.",
            "IN_FORCE": "Holds.",
            "EXPIRED": "Its time is over.",
            "ENDED": "Was ended before its time.",
        }
    ),
)
publish(Permission, _permission)
publish(
    ParentAccess,
    by(
        {
            "FULL": "All of them hold (R45).",
            "READ_ONLY": "Those that read, and ACCOUNT_SUSPEND.",
            "BREAK_GLASS": "ACCOUNT_READ and ACCOUNT_SUSPEND; all of them for a person who breaks the glass, "
            "by `breakGlassOpen`, for at most 24 hours.",
            "NONE": "ACCOUNT_READ and ACCOUNT_SUSPEND alone.",
        }
    ),
)
publish(
    PrincipalKind,
    by({"PERSON": "A person, by memberships and shares.", "API_KEY": "An API key."}),
    "SubjectKind",
)
publish(RefusalCode, by_value, "ErrorCode")
publish(
    Relation,
    by(
        {
            "MEMBER": "The role is held in that very account.",
            "ANCESTOR": "The role is held in an account above it.",
            "INHERITED": "The same, where the account above passes all of its roles down.",
        }
    ),
    "PolicyRelation",
)
publish(
    RightsInheritance,
    by(
        {
            "ADMINISTRATORS": "Owners and administrators only (R45).",
            "ALL_ROLES": "Every role, with what the policy gives it below (R66, R73).",
        }
    ),
)
publish(
    RoleUseKind,
    by(
        {
            "MEMBER": "A member has it.",
            "INVITATION": "An open invitation offers it.",
            "API_KEY": "An API key that is not revoked has it.",
            "SHARE": "A share that is not revoked gives it.",
        }
    ),
)
publish(
    ShareStatus,
    by(
        {
            "PENDING": "Waits to be accepted.",
            "ACTIVE": "Opens its accounts.",
            "REVOKED": "Was revoked, given back, or replaced by a newer one.",
            "EXPIRED": "Its time, or that of its link, is over.",
            "DECLINED": "Was answered with no.",
            "LAPSED": "It was not accepted, and nobody can as things are; `lapse` says why.",
        }
    ),
)
publish(
    StaffRole,
    by(
        {
            "AGENT": "Makes and ends overrides, answers requests.",
            "APPROVER": "Approves, besides, what somebody else of the staff has made.",
        }
    ),
)
publish(
    SubaccountsRequestStatus,
    by(
        {
            "OPEN": "Waits for an answer.",
            "GRANTED": "Subaccounts were unlocked.",
            "DECLINED": "It was declined, for the reason that is told.",
            "WITHDRAWN": "It was taken back before it was answered.",
        }
    ),
)
publish(
    UnsubscribeScope,
    by(
        {
            "ACCOUNT": "For the whole account.",
            "LIST": "For the recipient list concerned, and for no other.",
        }
    ),
)
publish(
    WhenMakerLosesAccess,
    by(
        {
            "KEEP": "The key works on; `Account.ghosts` reports it.",
            "STOP": "The key stops with the next request, until its maker has the rights again or somebody "
            "adopts it.",
        }
    ),
)
