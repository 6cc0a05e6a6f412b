"""Why somebody may, or may not, do something in an account, and what would change that (N1).

All facts are read in one snapshot and judged rule by rule in Python. The database gives the verdict of reach
and status from the same snapshot. Where the two differ, the caller gets an error instead of an explanation.
"""

import datetime
from dataclasses import replace

from sqlalchemy import DateTime, literal, select

from authz.explain.facts import AskedAccount, Facts, Subject, Viewpoint
from authz.explain.judging import judge
from authz.explain.misses import misses
from authz.explain.reading import read_facts
from authz.explain.steps import AccessDecision, Explanation, ExplanationDiffersError
from authz.past.moments import is_known
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.database.snapshot import Reader


async def read_known_facts(
    reader: Reader, account: AskedAccount, subject: Subject, viewpoint: Viewpoint
) -> Facts:
    """The facts about the subject's access to an account within the asker's reach.

    Raises NotFound for a subject that the asker may not know of there, as for one that does not exist (N20).
    """
    facts = await read_facts(reader, account, subject, viewpoint)
    if viewpoint is Viewpoint.ASKER and not facts.subject_is_known:
        raise NotFound("subject")
    return facts


async def read_past_facts(
    reader: Reader,
    account: AskedAccount,
    subject: Subject,
    viewpoint: Viewpoint,
    moment: datetime.datetime,
) -> Facts:
    """The same, as it was at a moment. What the asker may know is decided as of now: also of whom
    it knows now it may ask what they could do then.

    Raises Refusal for a moment that nothing is known of.
    """
    known = await reader.rows(select(is_known(literal(moment, DateTime(timezone=True))).label("is_known")))
    if not known[0]["is_known"]:
        message = "The moment is in the future, or before the past began to be kept."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "at")
    facts = await read_facts(reader, account, subject, viewpoint, moment)
    if not facts.subject_is_known:
        await read_known_facts(reader, account, subject, viewpoint)
    return facts


def explain_past(facts: Facts, permission: Permission) -> Explanation:
    """As `explain`, without what would change it: nothing changes the past."""
    return replace(explain(facts, permission), nearest_misses=())


def explain(facts: Facts, permission: Permission) -> Explanation:
    """The decision and the steps that lead to it. Raises ExplanationDiffersError."""
    judged = judge(facts, permission)
    decision = AccessDecision.ALLOWED if judged.allowed else AccessDecision.DENIED
    if judged.allowed is not bool(facts.verdict & permission.bit):
        raise ExplanationDiffersError(
            f"{permission.name} in account {facts.account.id} is explained as {decision.value}."
        )
    return Explanation(permission, decision, judged.steps, misses(facts, judged))
