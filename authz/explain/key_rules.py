"""The rules for API keys: state, address, account, role and scopes (N1, R3)."""

from collections.abc import Callable, Iterator

from authz.explain.facts import AskedKey, Facts
from authz.explain.role_rules import role_steps
from authz.explain.steps import AccessEffect, AccessStepKind, Step, on_day
from authz.policy.permissions import Permission
from models.base.ids import Kind, present


def key_steps(facts: Facts, way: AskedKey, permission: Permission) -> list[Step]:
    """The steps of a key's rules, in their order."""
    return [step for rule in _KEY_RULES for step in rule(facts, way, permission)]


def _key_state(facts: Facts, way: AskedKey, permission: Permission) -> Iterator[Step]:
    kind, about, key = AccessStepKind.KEY_STATE, present(Kind.API_KEY, way.id), f"The key {way.name}"
    endings = [
        (way.revoked_at is not None, f"{key} was revoked{on_day(way.revoked_at)}."),
        (way.expired, f"{key} expired{on_day(way.expires_at)}."),
        (way.stopped, f"{key} has stopped: its creator could not create it now."),
    ]
    ended = [sentence for applies, sentence in endings if applies]
    for sentence in ended:
        yield Step(kind, AccessEffect.DENIES, sentence, about, remedy=sentence)
    if not ended:
        yield Step(kind, AccessEffect.ALLOWS, f"{key} works.", about)


def _key_address(facts: Facts, way: AskedKey, permission: Permission) -> Iterator[Step]:
    if way.ip_ranges:
        sentence = f"The key {way.name} works from {', '.join(way.ip_ranges)} and from nowhere else."
        about = present(Kind.API_KEY, way.id)
        yield Step(AccessStepKind.KEY_ADDRESS, AccessEffect.NO_SAY, sentence, about)


def _key_account(facts: Facts, way: AskedKey, permission: Permission) -> Iterator[Step]:
    kind, about = AccessStepKind.KEY_ACCOUNT, present(Kind.API_KEY, way.id)
    bound = f"The key {way.name} is bound to {way.account_label}"
    if way.account is not None:
        yield Step(kind, AccessEffect.ALLOWS, f"{bound}.", about)
    else:
        sentence = f"{bound}, which is neither {facts.account.label} nor above it."
        yield Step(kind, AccessEffect.DENIES, sentence, about)


def _key_role(facts: Facts, way: AskedKey, permission: Permission) -> Iterator[Step]:
    if way.account is not None:
        yield from role_steps(facts, way.role, way.account, permission)


def _key_scope(facts: Facts, way: AskedKey, permission: Permission) -> Iterator[Step]:
    kind, about = AccessStepKind.KEY_SCOPE, present(Kind.API_KEY, way.id)
    if way.scopes & permission.bit:
        sentence = f"The scopes of the key {way.name} include {permission.name}."
        yield Step(kind, AccessEffect.ALLOWS, sentence, about)
    else:
        sentence = f"The scopes of the key {way.name} leave {permission.name} out."
        yield Step(kind, AccessEffect.DENIES, sentence, about, remedy=sentence)


_KEY_RULES: tuple[Callable[[Facts, AskedKey, Permission], Iterator[Step]], ...] = (
    _key_state,
    _key_address,
    _key_account,
    _key_role,
    _key_scope,
)
