"""The scopes of an API key: what it may do of what its role gives."""

from authz.guards.delegation import RoleGrant
from authz.policy.permissions import Permission, mask_of
from authz.policy.refusals import Refusal, RefusalCode
from models.api_keys.tables import ApiKeyPurpose

OTHER_STREAM = {
    ApiKeyPurpose.MARKETING: Permission.TRANSACTIONAL_SEND,
    ApiKeyPurpose.TRANSACTIONAL: Permission.CAMPAIGNS_SEND,
}
"""A key for one stream never holds the permission to send in the other one (R7)."""


def scopes_of(
    role: RoleGrant, permissions: frozenset[Permission] | None, purpose: ApiKeyPurpose | None
) -> int:
    """The mask that narrows the role to these permissions, or to all that fit the stream.

    ACCOUNT_READ stands beside any other, as in a role: without it the key reaches no account. Raises
    BAD_USER_INPUT for no permissions, those that the role does not give, and those of the other stream.
    """
    everything = role.mask | role.below_mask
    other = None if purpose is None else OTHER_STREAM[purpose]
    if permissions is None:
        return everything if other is None else everything & ~other.bit
    if not permissions:
        message = "Give at least one, or leave it out for all that the role gives."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "permissions")
    missing = [p.name for p in permissions if not everything & p.bit]
    if missing:
        message = f"{role.name} does not give {', '.join(sorted(missing))}."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "permissions")
    if purpose is not None and other in permissions:
        message = f"A {purpose.value} key cannot hold {OTHER_STREAM[purpose].name}."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "permissions")
    return mask_of(permissions | {Permission.ACCOUNT_READ})
