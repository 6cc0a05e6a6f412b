"""Why somebody may, or may not, do something in an account, and what would change that (N1).

All facts are read in one snapshot and judged rule by rule in Python. The database gives the verdict of reach
and status from the same snapshot. Where the two differ, the caller gets an error instead of an explanation.
"""

from authz.explain.facts import AskedAccount, Facts, Subject, Viewpoint
from authz.explain.judging import judge
from authz.explain.misses import misses
from authz.explain.reading import read_facts
from authz.explain.steps import AccessDecision, Explanation, ExplanationDiffersError
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound
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


def explain(facts: Facts, permission: Permission) -> Explanation:
    """The decision and the steps that lead to it. Raises ExplanationDiffersError."""
    judged = judge(facts, permission)
    decision = AccessDecision.ALLOWED if judged.allowed else AccessDecision.DENIED
    if judged.allowed is not bool(facts.verdict & permission.bit):
        raise ExplanationDiffersError(
            f"{permission.name} in account {facts.account.id} is explained as {decision.value}."
        )
    return Explanation(permission, decision, judged.steps, misses(facts, judged))
