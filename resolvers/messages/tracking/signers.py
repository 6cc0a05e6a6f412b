"""What a deployment signs in messages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.messages.tracking.references import ReferenceSigner
from resolvers.templates.tracking_links import LinkSigner


@dataclass(frozen=True)
class Signers:
    """`links`: of what stands in messages. `references`: of what they are returned to."""

    links: LinkSigner
    references: ReferenceSigner

    @classmethod
    def of(cls, secrets: Sequence[bytes]) -> "Signers":
        """The first secret signs; what another one has signed stays valid."""
        return cls(LinkSigner(secrets), ReferenceSigner(secrets))


SignerSource = Callable[[], Signers]
"""Returns the deployment's signers. Raises Refusal with SECRETS_UNAVAILABLE where there are none."""


def no_signers() -> Signers:
    """The signers of a deployment that has none. Raises SECRETS_UNAVAILABLE."""
    raise Refusal(RefusalCode.SECRETS_UNAVAILABLE)
