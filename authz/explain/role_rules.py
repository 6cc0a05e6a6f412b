"""The rules for roles: links pass a role's rights down the tree, policy lines allow them (N1)."""

from collections.abc import Iterator

from authz.explain.facts import Facts, HeldRole, PathAccount
from authz.explain.link_rules import link_steps
from authz.explain.steps import AccessEffect, AccessStepKind, ExplanationDiffersError, Step
from authz.policy.deciding_lines import as_text, deciding_line
from authz.policy.permissions import Permission
from models.accounts.tables import RightsInheritance
from models.base.ids import Kind, present
from models.roles.tables import Effect, Relation


def role_steps(
    facts: Facts,
    role: HeldRole,
    holder: PathAccount,
    permission: Permission,
    opened: PathAccount | None = None,
) -> Iterator[Step]:
    """The steps of a role: the role, its way down from the account that it is held in, and the policy line.

    `opened`: the account that is opened by break-glass.
    """
    about = present(Kind.ROLE, role.id)
    yield Step(AccessStepKind.ROLE, AccessEffect.NO_SAY, f"The role is {role.name}.", about)
    relation = Relation.MEMBER
    if holder.depth:
        relation, link = _link(facts, role, holder, permission)
        yield link
        yield from link_steps(facts, holder, permission, opened)
    yield _policy_line(role, relation, permission, about)


def _link(facts: Facts, role: HeldRole, holder: PathAccount, permission: Permission) -> tuple[Relation, Step]:
    """How the role reaches down, and the relation that its lines are read in (R45, R66, R73)."""
    kind, about, where = AccessStepKind.TREE_LINK, holder.global_id, facts.account.label
    passes_all = holder.rights_inheritance is RightsInheritance.ALL_ROLES
    always, inherited = (
        bool(role.mask(relation) & permission.bit) for relation in (Relation.ANCESTOR, Relation.INHERITED)
    )
    if always and (inherited or not passes_all):
        sentence = f"{where} lies below {holder.label}, and the role reaches down."
        return Relation.ANCESTOR, Step(kind, AccessEffect.ALLOWS, sentence, about)
    if passes_all:
        effect = AccessEffect.ALLOWS if inherited else AccessEffect.NO_SAY
        sentence = f"{where} lies below {holder.label}, which passes all of its roles down."
        return Relation.INHERITED, Step(kind, effect, sentence, about)
    sentence = (
        f"{where} lies below {holder.label}, which passes down what its owners and administrators hold."
    )
    if not inherited:
        return Relation.ANCESTOR, Step(kind, AccessEffect.NO_SAY, sentence, about)
    remedy = f"If {holder.label} passed all of its roles down, the role {role.name} would allow it."
    return Relation.INHERITED, Step(kind, AccessEffect.DENIES, sentence, about, remedy=remedy)


def _policy_line(role: HeldRole, relation: Relation, permission: Permission, about: str) -> Step:
    """What casbin compiled, and the line that it comes from. Raises ExplanationDiffersError."""
    allowed = bool(role.mask(relation) & permission.bit)
    line = deciding_line(role.lines, relation, permission)
    if allowed is not (line is not None and line.effect is Effect.ALLOW):
        raise ExplanationDiffersError(f"The lines of role {role.id} differ from its masks.")
    text = None if line is None else as_text(line)
    where = "there" if relation is Relation.MEMBER else "below"
    if allowed:
        sentence = f"The role {role.name} allows {permission.name} {where}."
        return Step(AccessStepKind.POLICY_LINE, AccessEffect.ALLOWS, sentence, about, text)
    sentence = f"The role {role.name} does not allow {permission.name} {where}."
    return Step(AccessStepKind.POLICY_LINE, AccessEffect.DENIES, sentence, about, text)
