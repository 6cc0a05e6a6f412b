"""Why somebody may, or may not, do something in an account."""

import datetime
from typing import Annotated

import strawberry

from authz.explain.steps import AccessDecision, AccessEffect, AccessStepKind, Miss, Step
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal
from engine.base.field_errors import BadArgument, absent
from engine.base.marks import Public
from engine.declare.entity_objects import row_object
from resolvers.explain.explanation import AccessQuestion, ExplainedAccess, KnownGranters, explain_access
from schema.accounts.types import Account
from schema.api_keys.types import ApiKey
from schema.fields.context import ContextInfo, principal_of
from schema.fields.marks import needs
from schema.fields.node import Node
from schema.narrowed_tokens.types import NarrowedToken
from schema.people.types import User


@strawberry.type(
    description="The result of one rule. Accounts above that you cannot reach appear without name and id.",
    directives=[Public()],
)
class AccessStep:
    kind: AccessStepKind = strawberry.field(description="The rule.")
    effect: AccessEffect = strawberry.field(description="The result of the rule.")
    sentence: str = strawberry.field(description="An explanation for people.")
    about: strawberry.ID | None = strawberry.field(
        description="The global id of the member, break-glass opening, share, key, narrowed token, role or "
        "account that it is about."
    )
    policy_line: str | None = strawberry.field(
        description="For POLICY_LINE, the line of the casbin policy that decides; null if no line matches, "
        "which means denied."
    )


@strawberry.type(description="Something that blocks access, or that would give it.", directives=[Public()])
class AccessMiss:
    kind: AccessStepKind = strawberry.field(description="The rule that it is about.")
    sentence: str = strawberry.field(description="An explanation for people.")
    about: strawberry.ID | None = strawberry.field(
        description="The global id of the member, break-glass opening, share, key, narrowed token, role or "
        "account that it is about."
    )
    enough: bool = strawberry.field(description="Whether this alone would change the decision.")


@strawberry.type(
    description="The people who could grant access: they manage the members or the keys, and hold the "
    "missing permission.",
    directives=[Public()],
)
class AccessGranters:
    total_count: int = strawberry.field(description="The number of people.")
    people: list[User] = strawberry.field(description="The first 10 people, by name.")


@strawberry.type(
    description="Whether an action in an account is allowed now, the rules that decide it, and, for a "
    "denial, what would change it.",
    directives=[Public()],
)
class AccessExplanation:
    decision: AccessDecision = strawberry.field(
        description="The decision, the same that the API itself makes."
    )
    permission: Permission = strawberry.field(description="The permission that the question is about.")
    account: Account = strawberry.field(description="The account that the question is about.")
    subject: Node = strawberry.field(
        description="The person, API key or narrowed token that the question is about."
    )
    steps: list[AccessStep] = strawberry.field(
        description="The rules for each source of access, sources that allow the action first, and then the "
        "account's status. A source gives access if none of its rules denies."
    )
    nearest_misses: list[AccessMiss] = strawberry.field(
        description="For a denial, what blocks access; entries that are sufficient on their own come first. "
        "Empty if nothing would change the decision, and for a moment of the past."
    )
    can_be_granted_by: AccessGranters | None = strawberry.field(
        description="For a denial, who could grant access; null if you may not see the members, and for a "
        "moment of the past."
    )


@strawberry.type
class ExplanationQuery:
    @strawberry.field(
        directives=needs(Permission.ACCOUNT_READ),
        description="Whether somebody may do something in an account that you reach, and why. You can always "
        "ask about yourself, and about narrowed tokens that were made of you. You can ask about a person who "
        "belongs to the account if you may see its members, about an API key if you may see the keys of its "
        "account, and about a narrowed token as about whom it acts for. Everything else is NOT_FOUND.",
    )
    async def explain_access(
        self,
        info: ContextInfo,
        account_id: Annotated[strawberry.ID, strawberry.argument(description="The account.")],
        permission: Annotated[Permission, strawberry.argument(description="The permission to check.")],
        subject: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="A person, a member, an API key or a narrowed token. Left out, it is you."
            ),
        ] = None,
        at: Annotated[
            datetime.datetime | None,
            strawberry.argument(
                description="A moment of the past, from `Account.accessKnownSince` on, else BAD_USER_INPUT: "
                "whether they could do it then. Left out, it is now. Your permissions of now decide what you "
                "may ask. Who has left the account, also as the member of then, can be asked about for a "
                "moment when they belonged to it; for another one the answer is NOT_FOUND, as for somebody "
                "who never did. A narrowed token can be asked about from its `createdAt`, else "
                "BAD_USER_INPUT, and for as long as the log is kept; it works some milliseconds later."
            ),
        ] = None,
    ) -> AccessExplanation | None:
        principal = principal_of(info)
        question = AccessQuestion(account_id=account_id, permission=permission, subject=subject, at=at)
        try:
            return _shown(await explain_access(info.context.reader, principal, question))
        except NotFound as refusal:
            raise absent("NOT_FOUND", refusal.field) from refusal
        except Refusal as refusal:
            raise BadArgument(refusal.message, refusal.field) from refusal


def _shown(found: ExplainedAccess) -> AccessExplanation:
    explanation = found.explanation
    return AccessExplanation(
        decision=explanation.decision,
        permission=explanation.permission,
        account=row_object(Account, found.account),
        subject=_subject(found),
        steps=[_step(step) for step in explanation.steps],
        nearest_misses=[_miss(miss) for miss in explanation.nearest_misses],
        can_be_granted_by=None if found.granters is None else _granters(found.granters),
    )


def _subject(found: ExplainedAccess) -> Node:
    if found.token is not None:
        return row_object(NarrowedToken, found.token)
    if found.person is not None:
        return row_object(User, found.person)
    if found.api_key is not None:
        return row_object(ApiKey, found.api_key)
    raise AssertionError("who is known has a row")


def _step(step: Step) -> AccessStep:
    return AccessStep(
        kind=step.kind,
        effect=step.effect,
        sentence=step.sentence,
        about=None if step.about is None else strawberry.ID(step.about),
        policy_line=step.policy_line,
    )


def _miss(miss: Miss) -> AccessMiss:
    about = None if miss.about is None else strawberry.ID(miss.about)
    return AccessMiss(kind=miss.kind, sentence=miss.sentence, about=about, enough=miss.enough)


def _granters(found: KnownGranters) -> AccessGranters:
    people = [row_object(User, row) for row in found.people]
    return AccessGranters(total_count=found.total_count, people=people)
