"""The parts of an explanation of somebody's access (N1)."""

import datetime
import enum
from dataclasses import dataclass

from authz.policy.permissions import Permission


class ExplanationDiffersError(Exception):
    """The rules of explanations say something else than the rules that are enforced."""


class AccessDecision(enum.Enum):
    """Whether an action in an account is allowed now."""

    ALLOWED = "ALLOWED"
    DENIED = "DENIED"


class AccessEffect(enum.Enum):
    """The result of one rule."""

    ALLOWS = "ALLOWS"
    DENIES = "DENIES"
    NO_SAY = "NO_SAY"


class AccessStepKind(enum.Enum):
    """A rule that access depends on."""

    MEMBERSHIP = "MEMBERSHIP"
    BREAK_GLASS = "BREAK_GLASS"
    SHARE = "SHARE"
    KEY_STATE = "KEY_STATE"
    KEY_ADDRESS = "KEY_ADDRESS"
    KEY_ACCOUNT = "KEY_ACCOUNT"
    USER_RIGHTS = "USER_RIGHTS"
    ROLE = "ROLE"
    TREE_LINK = "TREE_LINK"
    PARENT_ACCESS = "PARENT_ACCESS"
    POLICY_LINE = "POLICY_LINE"
    SHARE_AREA = "SHARE_AREA"
    HIDDEN_AREA = "HIDDEN_AREA"
    KEY_SCOPE = "KEY_SCOPE"
    REACH = "REACH"
    TOKEN_STATE = "TOKEN_STATE"  # noqa: S105 - a rule
    TOKEN_ACCOUNT = "TOKEN_ACCOUNT"  # noqa: S105 - a rule
    TOKEN_SCOPE = "TOKEN_SCOPE"  # noqa: S105 - a rule
    ACCOUNT_STATUS = "ACCOUNT_STATUS"
    PROMISE = "PROMISE"


@dataclass(frozen=True)
class Step:
    """One rule and what it says.

    `about`: the global id of what the step is about, if it has one that the reader may know. `policy_line`:
    the line of casbin's policy. `remedy`: of a rule that denies, what would mend that; None: nothing would.
    """

    kind: AccessStepKind
    effect: AccessEffect
    sentence: str
    about: str | None = None
    policy_line: str | None = None
    remedy: str | None = None

    @property
    def denies(self) -> bool:
        """Whether the rule denies access."""
        return self.effect is AccessEffect.DENIES


@dataclass(frozen=True)
class Miss:
    """A single thing that denies access. `enough`: without it, access would be allowed."""

    kind: AccessStepKind
    sentence: str
    about: str | None
    enough: bool


@dataclass(frozen=True)
class Explanation:
    """Why somebody may, or may not, do something in an account."""

    permission: Permission
    decision: AccessDecision
    steps: tuple[Step, ...]
    nearest_misses: tuple[Miss, ...]


def on_day(moment: datetime.datetime | None) -> str:
    """A moment, as the end of a sentence."""
    return "" if moment is None else f" on {moment.astimezone(datetime.UTC):%Y-%m-%d at %H:%M} UTC"
