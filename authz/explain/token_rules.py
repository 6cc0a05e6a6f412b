"""The rules for narrowed tokens: state, accounts and permissions (N1). A token has what its parent has, as
far as none of them denies it."""

from authz.explain.facts import AskedToken, Facts
from authz.explain.steps import AccessEffect, AccessStepKind, Step, on_day
from authz.policy.permissions import Permission
from models.base.ids import Kind, present


def token_steps(facts: Facts, permission: Permission) -> list[Step]:
    """The steps of the rules, in their order; none where the question is about no token."""
    token = facts.subject.token
    if token is None:
        return []
    return [_state(token), _account(facts, token), _scope(token, permission)]


def _state(token: AskedToken) -> Step:
    kind, about = AccessStepKind.TOKEN_STATE, present(Kind.NARROWED_TOKEN, token.id)
    name = f"The token {token.audience}"
    if token.works:
        return Step(kind, AccessEffect.ALLOWS, f"{name} works.", about)
    if not token.begun:
        sentence = f"{name} was just being made, and did not work yet."
    elif token.revoked_at is not None:
        sentence = f"{name} was revoked{on_day(token.revoked_at)}."
    elif token.expired:
        sentence = f"{name} expired{on_day(token.expires_at)}."
    else:
        sentence = f"{name} has ended with what it was made of."
    return Step(kind, AccessEffect.DENIES, sentence, about)


def _account(facts: Facts, token: AskedToken) -> Step:
    kind, about = AccessStepKind.TOKEN_ACCOUNT, present(Kind.NARROWED_TOKEN, token.id)
    if facts.account.id in token.account_ids:
        sentence = f"The token {token.audience} names {facts.account.label}."
        return Step(kind, AccessEffect.ALLOWS, sentence, about)
    sentence = f"The token {token.audience} does not name {facts.account.label}."
    return Step(kind, AccessEffect.DENIES, sentence, about, remedy=sentence)


def _scope(token: AskedToken, permission: Permission) -> Step:
    kind, about = AccessStepKind.TOKEN_SCOPE, present(Kind.NARROWED_TOKEN, token.id)
    if token.scopes & permission.bit:
        sentence = f"The permissions of the token {token.audience} include {permission.name}."
        return Step(kind, AccessEffect.ALLOWS, sentence, about)
    sentence = f"The permissions of the token {token.audience} leave {permission.name} out."
    return Step(kind, AccessEffect.DENIES, sentence, about, remedy=sentence)
