"""What a mutation does to others: who can be made to pay, who gains or loses access, who is told by mail, and
what limits it. Each area has its rows in `oracle.py`; they are held against what is seen to happen.
"""

from dataclasses import dataclass
from enum import Enum

from resolvers.effects.mail_limits import MailKind


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
    CODES = "code of"
    CODES_A_DAY = "codes of"
    PASSKEY_SIGN_INS = "passkey sign-in from"
    FACTOR_RESETS = "mail: factor resets"
    KEYS = "keys of"
    NARROWED_TOKENS = "narrowed tokens of"
    DOMAINS = "domains of"
    SINGLE_SIGN_ON_CODES = "single sign-on codes from"
    DOMAIN_CHECKS = "checks of"
    WEBHOOKS = "webhooks of"
    WEBHOOK_TESTS = "tests of"
    WEBHOOK_RETRIES = "retries of"
    BREAK_GLASS = "break-glass of"
    OFFERS = "mail: offers"
    BREAK_GLASS_NOTICES = "mail: break-glass notices"
    REVIEW_NOTICES = "mail: review notices"
    ACCESS_REVIEW_NOTICES = "mail: access review notices"
    REPUTATION_NOTICES = "mail: reputation notices,"
    REPUTATION_NOTICES_TO_STAFF = "mail: reputation notices to staff"
    VERIFICATIONS = "mail: verifications"
    PASSWORD_RESETS = "mail: password resets"


@dataclass(frozen=True)
class Consequences:
    """What it does. `mails` and `limited`: as far as the caller matrix's input leads there."""

    pays: Pays = Pays.NOBODY
    access: Access = Access.NOBODY
    mails: frozenset[MailKind] = frozenset()
    limited: frozenset[Limited] = frozenset()


def does(
    pays: Pays = Pays.NOBODY,
    access: Access = Access.NOBODY,
    mails: set[MailKind] | None = None,
    limited: set[Limited] | None = None,
) -> Consequences:
    return Consequences(pays, access, frozenset(mails or ()), frozenset(limited or ()))


NO_CONSEQUENCE = does()
ACCESS_OF_OTHERS = does(access=Access.OTHERS)
OWN_ACCESS = does(access=Access.ITSELF)
OFFERED = {Limited.OFFERS}
