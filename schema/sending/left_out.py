"""Recipients that are left out of a send."""

from collections.abc import Mapping

import strawberry

from engine.base.marks import Public
from resolvers.sending.address_hash import Recipients
from resolvers.sending.lists.recipient_rows import Given
from resolvers.suppressions.exclusions import Exclusion


@strawberry.type(description="A recipient that is left out.", directives=[Public()])
class LeftOutRecipient:
    index: int = strawberry.field(description="Its position in the list, from 0.")
    cause: Exclusion = strawberry.field(description="Why. Of several causes, the first one.")


def left_out_of(given: Given, causes: Mapping[bytes, Exclusion]) -> list[LeftOutRecipient]:
    """Those of the recipients of a request that are left out, in its order."""
    if not isinstance(given, Recipients):
        return []
    return [
        LeftOutRecipient(index=index, cause=causes[digest])
        for digest, index in zip(given.digests, given.indexes, strict=True)
        if digest in causes
    ]
