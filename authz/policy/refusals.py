"""Why something is refused: expected failures, which the client receives with a code."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from authz.policy.permissions import Permission
from engine.text.numbers import counted


class RefusalCode(enum.Enum):
    """The kind of a refusal. Programs decide by the code; the message is for people."""

    NOT_FOUND = "There is nothing with this id, or it is outside your reach."
    FORBIDDEN = "You do not have the permission that is named."
    BAD_USER_INPUT = "A value is not valid."
    CONFLICT = "It was changed since you read it, or it exists already."
    FAILED_PRECONDITION = "This is not possible in the current state."
    IDEMPOTENCY_MISMATCH = "The idempotency key was used with another input."
    RATE_LIMITED = "Too many attempts; try again later."
    BUSY = "The server has too many such requests at the moment; try again later."
    PERSON_REQUIRED = "Only a signed-in person can do this, not an API key or a narrowed token."
    MASTER_ACCOUNT_REQUIRED = (
        "Only callers with the permission through the master account can create API keys here."
    )
    ACCOUNT_SUSPENDED = (
        "The account, or one above it, is suspended. Only changes that take something away are possible."
    )
    ACCOUNT_CLOSED = (
        "The account, or one above it, is closed. Only changes that take something away are possible."
    )
    ROLE_TOO_WIDE = "The role gives more than you hold yourself."
    ROLE_IN_USE = "Members, open invitations, shares or API keys still have the role."
    LAST_OWNER = "The account would be left without an owner."
    CONSENT_REQUIRED = (
        "Nobody becomes an owner without agreeing: use `ownershipTransfer` to offer the ownership."
    )
    ALREADY_OWNS_ACCOUNT = "The person owns an account already; an e-mail address owns at most one."
    ALREADY_MEMBER = "The person is a member of the account already."
    INHERITED_MEMBER = "The membership belongs to an account above and can only be changed there."
    INVITATION_EXPIRED = "The invitation has expired."
    INVITATION_USED = "The invitation was accepted already."
    INVITATION_REVOKED = "The invitation was revoked or declined, or its sender lost the right to invite."
    ALREADY_SHARED = "One of the accounts is shared with this e-mail address already; change that share."
    REACHED_BY_SHARE = (
        "You have access to the account only through a share. Only its own people decide who has access."
    )
    RIGHT_ENDS = (
        "Your right to do this expires before the access that you would give or remove. Choose an end that "
        "is not later, or ask somebody whose right does not expire."
    )
    PROMISE_BROKEN = (
        "Somebody would have a permission that the account, or one below it, has promised to some roles "
        "alone. Which one is told to callers with MEMBERS_READ there. An owner of that account can do it "
        "with a reason in the request's extensions, but not by an invitation or a share."
    )
    SHARE_EXPIRED = "The share, or the link that accepts it, has expired."
    SHARE_USED = "The share was accepted already."
    SHARE_REVOKED = "The share was revoked or declined, or its giver lost the right to share."
    ADDRESS_NOT_VERIFIED = (
        "The e-mail address is not verified. Open the link in the verification mail, or request another "
        "with emailVerificationRequest."
    )
    LINK_NOT_VALID = "The link was used already or has expired; request another one."
    WRONG_PERSON = "The offer is for another e-mail address."
    SINGLE_SIGN_ON_REQUIRED = (
        "The company that the e-mail address belongs to requires single sign-on. Sign in at /sso/start."
    )
    FRESH_SIGN_IN_REQUIRED = (
        "You have no password: sign in anew with your company's single sign-on, and do it within ten minutes."
    )
    SIGN_UP_REFUSED = "No account can be made with this e-mail address and password."
    SIGN_IN_REFUSED = "The e-mail address or the password is wrong."
    HAS_SUBACCOUNTS = "The account still has open subaccounts."
    ACCOUNT_NOT_SETTLED = "Something that the account holds must be settled first; `obstacles` lists it."
    TREE_TOO_DEEP = "Accounts cannot be nested any deeper."
    SECOND_PERSON_REQUIRED = (
        "Another person has to approve it or consent to it: not whoever asked for it or has approved it "
        "already, and where the message says so, one who may approve."
    )
    OWNER_REQUIRED = "Only an owner of the account, or of one above it, can consent to this."
    OWN_TREE = "You are a member or a guest of this tree. Another member of the platform's staff must do it."
    POOL_ACCOUNT_REQUIRED = (
        "Only callers who also have the permission in the pool's account can decide who draws from it."
    )
    BILLED_ACCOUNT_REQUIRED = (
        "Only callers who also have the permission in the account that is billed can decide this."
    )
    INSUFFICIENT_CREDIT = "There is not enough credit."
    PAYMENT_DECLINED = "The payment provider declined."
    CONTACT_LIMIT_REACHED = "More contacts would become active than the billing cycle allows."
    SEND_LIMIT_REACHED = "More would be sent than the billing cycle allows."
    SEND_CAP_REACHED = "More would be sent than the cap of the account, or of one above it, allows."
    LABEL_LIMIT_REACHED = "The account has used 100 labels in this billing cycle; use one of them, or none."
    CREDIT_CAP_REACHED = "More would be spent than the cap of the account, or of one above it, allows."
    GUARANTEE_TOO_LARGE = "The guarantees would exceed what there is, or what a cap allows."
    ALREADY_BOOKED = "Amounts or cycles depend on it already, so it can no longer be corrected."
    PAID_PLAN_REQUIRED = "A subaccount's own plan must have a price."
    RESERVATION_EXPIRED = "The reservation was not committed in time. Send nothing."
    RESERVATION_SETTLED = "The reservation was committed or voided already."
    PARENT_ACCOUNT_REQUIRED = (
        "Only callers who also have the permission in the account above can decide this."
    )
    SECOND_FACTOR_REQUIRED = (
        "The account requires a second factor: set one up, or sign in with it. See `Viewer.secondFactor`."
    )
    SECOND_FACTOR_REFUSED = "The code or the passkey is wrong, was used before, or came too late."
    SETTING_LOCKED = "An account above has locked the setting: it can be changed only there."
    REVIEW_REQUIRED = (
        "The account may not send yet: platform support first has to approve a sample of its contacts. Ask "
        "for it with `reviewRequest`."
    )
    SENDS_UNAVAILABLE = "Nothing can be sent: the server has no key for contacts."
    DOMAIN_NOT_VERIFIED = (
        "A message comes from an address at a sending domain of the account that is verified: see `domains`."
    )
    SENDING_PAUSED = "What sends here is paused, by the account or by the platform: see `sendingSources`."
    TRIAL_LIMIT_REACHED = "What sends here is on trial, and has made the sends of this hour."
    RECIPIENT_EXCLUDED = "The recipient is blocked, has unsubscribed, or its messages bounced."
    DOMAIN_LIMIT_REACHED = "The account cannot have more domains of this kind."
    SECRETS_UNAVAILABLE = (
        "The server has no keys for what it stores encrypted or signs: its operator has to set "
        "MANDANT_SECRET_KEYS."
    )
    PLAN_REQUIRED = "The account's plan does not include this; a larger plan does."
    PAYMENTS_UNAVAILABLE = (
        "The payment provider does not answer. Send the same request again, with the same idempotency key."
    )


class Refusal(Exception):
    """An expected failure. `field`: the path of the input that caused it, such as `email`, or `ipRanges.0`
    for the first item of a list."""

    def __init__(self, code: RefusalCode, message: str | None = None, field: str | None = None) -> None:
        super().__init__(message or code.value)
        self.code = code
        self.message = message or code.value
        self.field = field


def item_of(field: str, index: int) -> str:
    """The field of a refusal of one item of the list in `field`."""
    return f"{field}.{index}"


class NotFound(Refusal):
    """Nothing is there, or nothing that the caller may know of. Both get the same answer (N20)."""

    def __init__(self, field: str | None = None) -> None:
        super().__init__(RefusalCode.NOT_FOUND, field=field)


class PermissionDenied(Refusal):
    """The account is within reach, but the caller does not hold the permission there. `field`: what needs it,
    where something else does not. `message`: where holding it is not enough."""

    def __init__(self, permission: Permission, field: str | None = None, message: str | None = None) -> None:
        told = f"You need {permission.name} in this account." if message is None else message
        super().__init__(RefusalCode.FORBIDDEN, told, field)
        self.permission = permission


class VersionConflict(Refusal):
    """It has changed since the client read it."""

    def __init__(self, current_version: int) -> None:
        super().__init__(RefusalCode.CONFLICT, "It has changed since you read it.", "expectedVersion")
        self.current_version = current_version


class TryLater(Refusal):
    """It was not done, and may succeed later. `retry_after`: the seconds to wait before the next try."""

    def __init__(self, code: RefusalCode, what: str, retry_after: int, field: str | None = None) -> None:
        super().__init__(code, f"{what}; try again in {counted(retry_after, 'second')}.", field)
        self.retry_after = retry_after


class RateLimited(TryLater):
    """There were too many attempts."""

    def __init__(self, retry_after: int, what: str = "Too many attempts", field: str | None = None) -> None:
        super().__init__(RefusalCode.RATE_LIMITED, what, retry_after, field)


class Busy(TryLater):
    """As many others as are allowed do the same at this moment."""

    def __init__(self, what: str, retry_after: int = 1) -> None:
        super().__init__(RefusalCode.BUSY, what, retry_after)


class RoleTooWide(Refusal):
    """More would be given, or taken, than the caller holds (N19).

    `missing`: what the caller lacks in an account where the role holds. `missing_below`: what it lacks below
    such an account.
    """

    def __init__(
        self, what: str, missing: Sequence[Permission], missing_below: Sequence[Permission], field: str
    ) -> None:
        lacks = [
            f"{', '.join(permission.name for permission in permissions)} {where}"
            for permissions, where in ((missing, "here"), (missing_below, "below"))
            if permissions
        ]
        message = f"{what} gives more than you hold: you lack {' and '.join(lacks)}."
        super().__init__(RefusalCode.ROLE_TOO_WIDE, message, field)
        self.missing = missing
        self.missing_below = missing_below


@dataclass(frozen=True)
class Blocker:
    """Something that stands in the way, and its account. Both ids are global."""

    id: str
    name: str
    account_id: str
    account_name: str


class Blocked(Refusal):
    """Something else stands in the way. `blockers`: the first of those that the caller may see. `more`: the
    caller may see others."""

    def __init__(
        self,
        code: RefusalCode,
        message: str | None,
        field: str | None,
        blockers: Sequence[Blocker],
        *,
        more: bool,
    ) -> None:
        super().__init__(code, message, field)
        self.blockers = blockers
        self.more = more


class InsufficientCredit(Refusal):
    """There is less credit than would be taken. `available`: in micro-units; None: the caller may not see
    it."""

    def __init__(self, available: int | None, field: str) -> None:
        super().__init__(RefusalCode.INSUFFICIENT_CREDIT, field=field)
        self.available = available
