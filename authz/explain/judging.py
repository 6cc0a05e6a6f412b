"""The rules' answers combined: a way gives what none of its rules denies. A narrowed token and status can
deny all of it."""

from dataclasses import dataclass

from authz.explain.facts import Facts, Way
from authz.explain.rules import promise_steps, status_steps, way_steps
from authz.explain.steps import AccessEffect, AccessStepKind, Step
from authz.explain.token_rules import token_steps
from authz.policy.permissions import Permission


@dataclass(frozen=True)
class JudgedWay:
    """A way and its rules' steps. `not_visible_for`: the steps that deny ACCOUNT_READ."""

    way: Way
    steps: tuple[Step, ...]
    not_visible_for: tuple[Step, ...]

    @property
    def denying(self) -> list[Step]:
        """The steps that deny."""
        return [step for step in self.steps if step.denies]

    @property
    def gives(self) -> bool:
        """Whether no step denies."""
        return not self.denying


@dataclass(frozen=True)
class Judged:
    """A judged question."""

    permission: Permission
    ways: tuple[JudgedWay, ...]
    over_all: tuple[Step, ...]
    """Of what can deny all ways: the token that is in question, and the accounts' status."""

    @property
    def given(self) -> bool:
        """Whether a way gives the permission."""
        return any(way.gives for way in self.ways)

    @property
    def visible(self) -> bool:
        """Whether a way gives ACCOUNT_READ, without which the account is not visible."""
        return any(not way.not_visible_for for way in self.ways)

    @property
    def denying_over_all(self) -> list[Step]:
        """What of it denies, whatever the ways give."""
        return [step for step in self.over_all if step.denies]

    @property
    def allowed(self) -> bool:
        """The decision."""
        return self.given and self.visible and not self.denying_over_all

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps: first of the ways that give it, then of the other ways, reach, token and status. Steps
        about accounts above that the asker may not know of are alike and appear once, so that nobody can
        count those accounts."""
        ordered = sorted(self.ways, key=lambda way: not way.gives)
        reach = [NOT_VISIBLE] if not self.visible and (self.given or not self.ways) else []
        of_ways = (step for way in ordered for step in dict.fromkeys(way.steps))
        return (*of_ways, *reach, *dict.fromkeys(self.over_all))


NOT_VISIBLE = Step(
    AccessStepKind.REACH,
    AccessEffect.DENIES,
    "Nothing gives ACCOUNT_READ here, without which the account is not visible.",
    remedy="ACCOUNT_READ is missing, without which the account is not visible.",
)


def judge(facts: Facts, permission: Permission) -> Judged:
    """The answers of every rule."""
    return Judged(
        permission,
        tuple(_judge_way(facts, way, permission) for way in facts.ways),
        (
            *token_steps(facts, permission),
            *status_steps(facts, permission),
            *promise_steps(facts, permission),
        ),
    )


def _judge_way(facts: Facts, way: Way, permission: Permission) -> JudgedWay:
    visible = way_steps(facts, way, Permission.ACCOUNT_READ)
    return JudgedWay(
        way,
        tuple(way_steps(facts, way, permission)),
        tuple(step for step in visible if step.denies),
    )
