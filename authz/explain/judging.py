"""The rules' answers put together: a way gives what none of its rules denies; status has the last word."""

from dataclasses import dataclass

from authz.explain.facts import Facts, Way
from authz.explain.rules import status_steps, way_steps
from authz.explain.steps import AccessEffect, AccessStepKind, Step
from authz.policy.permissions import Permission


@dataclass(frozen=True)
class JudgedWay:
    """A way and what its rules say. `not_visible_for`: what they say against ACCOUNT_READ."""

    way: Way
    steps: tuple[Step, ...]
    not_visible_for: tuple[Step, ...]

    @property
    def denying(self) -> list[Step]:
        """What stands in its way."""
        return [step for step in self.steps if step.denies]

    @property
    def gives(self) -> bool:
        """Whether nothing does."""
        return not self.denying


@dataclass(frozen=True)
class Judged:
    """A question, judged."""

    permission: Permission
    ways: tuple[JudgedWay, ...]
    status: tuple[Step, ...]

    @property
    def given(self) -> bool:
        """Whether a way gives the permission."""
        return any(way.gives for way in self.ways)

    @property
    def visible(self) -> bool:
        """Whether a way gives ACCOUNT_READ, without which the account is not there."""
        return any(not way.not_visible_for for way in self.ways)

    @property
    def denying_status(self) -> list[Step]:
        """The accounts on the path whose status forbids it."""
        return [step for step in self.status if step.denies]

    @property
    def allowed(self) -> bool:
        """The decision."""
        return self.given and self.visible and not self.denying_status

    @property
    def steps(self) -> tuple[Step, ...]:
        """All of them: ways that give it first, then reach, then status. How many accounts above that may not
        be known keep it back, or are suspended, is not told."""
        ordered = sorted(self.ways, key=lambda way: not way.gives)
        reach = [NOT_VISIBLE] if not self.visible and (self.given or not self.ways) else []
        told = (step for way in ordered for step in dict.fromkeys(way.steps))
        return (*told, *reach, *dict.fromkeys(self.status))


NOT_VISIBLE = Step(
    AccessStepKind.REACH,
    AccessEffect.DENIES,
    "Nothing gives ACCOUNT_READ here, without which the account is not there.",
    remedy="ACCOUNT_READ is missing, without which the account is not there.",
)


def judge(facts: Facts, permission: Permission) -> Judged:
    """Ask every rule."""
    return Judged(
        permission,
        tuple(_judge_way(facts, way, permission) for way in facts.ways),
        tuple(status_steps(facts, permission)),
    )


def _judge_way(facts: Facts, way: Way, permission: Permission) -> JudgedWay:
    visible = way_steps(facts, way, Permission.ACCOUNT_READ)
    return JudgedWay(
        way,
        tuple(way_steps(facts, way, permission)),
        tuple(step for step in visible if step.denies),
    )
