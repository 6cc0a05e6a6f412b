"""The rule for links between accounts: which rights held above each link lets pass (N1, N3)."""

from collections.abc import Iterator

from authz.explain.facts import Facts, PathAccount
from authz.explain.steps import AccessEffect, AccessStepKind, Step
from authz.guards.parent_link import PASSING
from authz.policy.permissions import Permission
from models.accounts.tables import ParentAccess


def link_steps(
    facts: Facts, holder: PathAccount, permission: Permission, opened: PathAccount | None = None
) -> Iterator[Step]:
    """The steps of the links from the account that holds a right down to the account in question.

    `opened`: the account that is opened by break-glass, so that its link does not count. A link that lets the
    permission pass is left out where the asker may not know of its account.
    """
    links = [account for account in _links_below(facts, holder) if account is not opened]
    closed = [account for account in links if not _lets_pass(account, permission)]
    by_break_glass = facts.subject.user_id is not None and opened is None and len(closed) == 1
    for account in links:
        if account in closed:
            yield _closed(facts, account, permission, by_break_glass=by_break_glass)
        elif account.visible and account.parent_access is not ParentAccess.FULL:
            mode = account.parent_access.value
            sentence = f"The parentAccess of {account.name} is {mode}, which lets {permission.name} pass."
            yield Step(AccessStepKind.PARENT_ACCESS, AccessEffect.ALLOWS, sentence, account.global_id)


def all_let_pass(facts: Facts, holder: PathAccount, permission: Permission) -> bool:
    """Whether every link from there down lets the permission pass."""
    return all(_lets_pass(account, permission) for account in _links_below(facts, holder))


def _links_below(facts: Facts, holder: PathAccount) -> list[PathAccount]:
    return [account for account in facts.path if account.depth < holder.depth]


def _lets_pass(account: PathAccount, permission: Permission) -> bool:
    return bool(PASSING[account.parent_access].at_rest & permission.bit)


def _closed(facts: Facts, account: PathAccount, permission: Permission, *, by_break_glass: bool) -> Step:
    """`by_break_glass`: an opening of this account would be enough. Where several links are closed it is not,
    as an opening gives only what passes the others."""
    kind, about, label = AccessStepKind.PARENT_ACCESS, account.global_id, account.label
    mode = f" is {account.parent_access.value}, which" if account.visible else ""
    sentence = f"The parentAccess of {label}{mode} keeps {permission.name} from passing."
    remedy = f"The owners of {label} can raise its parentAccess, so that {permission.name} passes."
    if by_break_glass and account.visible and account.parent_access is ParentAccess.BREAK_GLASS:
        remedy = f"{facts.subject.name} can open {label} by break-glass: its parentAccess is BREAK_GLASS."
    return Step(kind, AccessEffect.DENIES, sentence, about, remedy=remedy)
