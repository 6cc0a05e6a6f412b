"""What each mutation does to others: a table written by hand, and held against what is seen to happen.

Four questions of a mutation have their own tables beside it: which status forbids it (`statuses`), what a
field means that is left out (`tests.areas.accounts.updates`), who may do it (`matrix_fields`), and here: who
can be made to pay, who gains or loses access, who is told by mail, and what limits it.
"""

from dataclasses import dataclass
from enum import Enum

from resolvers.effects.mail_limits import MailKind
from resolvers.invitations.mail_kinds import INVITATION
from resolvers.members.mail_kinds import OWNERSHIP_OFFER
from resolvers.parent_access.mail_kinds import BREAK_GLASS
from resolvers.people.mail_kinds import PASSWORD_RESET
from resolvers.shares.mail_kinds import SHARE


class Pays(Enum):
    """Who can be made to pay by it, and where that needs the permission."""

    NOBODY = "nothing is paid"
    ITSELF = "the account itself, by what it pays with"
    BOTH_SIDES = "one account hands over to the other; in both"
    POOL = "whose credit the account spends; it has agreed by the credit mode"
    BILLED_AND_POOL = "who is billed for the account, and whose credit it spends; in both"
    BILLED = "who is billed for the account, now or then; in both"
    ABOVE = "the account above, whose plan or credit it is about; in both"
    SETTLES = "what the account has left moves to the pool; in both"
    LEAVES = "what the account has left moves to the pool, which gains; a master account gives it up"


class Access(Enum):
    """Who gains or loses access by it; then `dryRun` tells whom."""

    NOBODY = "nobody"
    OTHERS = "others, and `dryRun` tells who"
    ITSELF = "who asks, or holds the link; there is nobody else to tell of"


class Limited(Enum):
    """By what tries are counted, as the counter's subject begins."""

    SIGN_UPS_OF_A_PLACE = "sign-up from"
    SIGN_INS = "sign-in"
    PASSWORDS = "password"
    LINKS = "links from"
    KEYS = "keys of"
    BREAK_GLASS = "break-glass of"
    OFFERS = "mail: offers"
    BREAK_GLASS_NOTICES = "mail: break-glass notices"
    VERIFICATIONS = "mail: verifications"
    PASSWORD_RESETS = "mail: password resets"


@dataclass(frozen=True)
class Consequences:
    """What it does. `mails` and `limited`: as far as the caller matrix's input leads there."""

    pays: Pays = Pays.NOBODY
    access: Access = Access.NOBODY
    mails: frozenset[MailKind] = frozenset()
    limited: frozenset[Limited] = frozenset()


def _row(
    pays: Pays = Pays.NOBODY,
    access: Access = Access.NOBODY,
    mails: set[MailKind] | None = None,
    limited: set[Limited] | None = None,
) -> Consequences:
    return Consequences(pays, access, frozenset(mails or ()), frozenset(limited or ()))


_NONE = _row()
_ACCESS = _row(access=Access.OTHERS)
_BY_LINK = _row(access=Access.ITSELF)
_OFFERED = {Limited.OFFERS}

CONSEQUENCES: dict[str, Consequences] = {
    "signUp": _row(access=Access.ITSELF, limited={Limited.SIGN_UPS_OF_A_PLACE}),
    "signIn": _row(access=Access.ITSELF),
    "emailVerify": _row(access=Access.ITSELF),
    # Whoever asks there has a proved address, and gets none.
    "emailVerificationRequest": _NONE,
    "passwordResetRequest": _row(mails={PASSWORD_RESET}, limited={Limited.PASSWORD_RESETS}),
    "passwordReset": _row(access=Access.ITSELF, limited={Limited.LINKS}),
    "signOut": _row(access=Access.ITSELF),
    "passwordChange": _row(access=Access.ITSELF, limited={Limited.PASSWORDS}),
    "subaccountCreate": _NONE,
    "accountUpdate": _ACCESS,
    "accountSuspend": _ACCESS,
    "accountResume": _ACCESS,
    "accountClose": _row(Pays.LEAVES, Access.OTHERS),
    "memberInvite": _row(access=Access.OTHERS, mails={INVITATION}, limited=_OFFERED),
    "invitationRevoke": _ACCESS,
    "invitationAccept": _ACCESS,
    "invitationDecline": _BY_LINK,
    "memberUpdate": _ACCESS,
    "memberRemove": _ACCESS,
    "memberLeave": _ACCESS,
    "ownershipTransfer": _row(access=Access.OTHERS, mails={OWNERSHIP_OFFER}, limited=_OFFERED),
    "ownershipTransferWithdraw": _NONE,
    "ownershipAccept": _ACCESS,
    "ownershipDecline": _NONE,
    "shareCreate": _row(access=Access.OTHERS, mails={SHARE}, limited=_OFFERED),
    "shareUpdate": _ACCESS,
    "shareRevoke": _ACCESS,
    "shareAccept": _ACCESS,
    "shareLeave": _ACCESS,
    "shareDecline": _BY_LINK,
    "apiKeyCreate": _row(access=Access.OTHERS, limited={Limited.KEYS}),
    "apiKeyRevoke": _ACCESS,
    "apiKeyRotate": _ACCESS,
    "apiKeyUpdate": _ACCESS,
    "apiKeyAdopt": _ACCESS,
    "roleCreate": _ACCESS,
    "roleUpdate": _ACCESS,
    "roleDelete": _ACCESS,
    "parentAccessUpdate": _ACCESS,
    "parentAccessAnswer": _ACCESS,
    "parentAccessWithdraw": _NONE,
    "breakGlassOpen": _row(
        access=Access.OTHERS,
        mails={BREAK_GLASS},
        limited={Limited.BREAK_GLASS, Limited.BREAK_GLASS_NOTICES},
    ),
    "breakGlassEnd": _ACCESS,
    "subaccountsRequest": _NONE,
    "subaccountsRequestWithdraw": _NONE,
    "overrideCreate": _ACCESS,
    "overrideApprove": _NONE,
    "overrideEnd": _ACCESS,
    "subaccountsRequestDecline": _NONE,
    "creditTransfer": _row(Pays.BOTH_SIDES),
    "creditModeUpdate": _row(Pays.SETTLES),
    "paymentMethodAdd": _NONE,
    "paymentMethodRemove": _NONE,
    "creditTopUp": _row(Pays.ITSELF),
    "topUpRuleUpdate": _row(Pays.ITSELF),
    "topUpRuleRemove": _NONE,
    "planChange": _row(Pays.BILLED_AND_POOL),
    "planChangeWithdraw": _row(Pays.BILLED_AND_POOL),
    "limitIncrease": _row(Pays.BILLED_AND_POOL),
    "sendReserve": _row(Pays.POOL),
    "sendCommit": _row(Pays.POOL),
    "sendVoid": _row(Pays.POOL),
    "sendBudgetUpdate": _row(Pays.ABOVE),
    "creditBudgetUpdate": _row(Pays.ABOVE),
    "billingModeUpdate": _row(Pays.BILLED),
    "billingDetailsUpdate": _NONE,
}
