"""The frame of mutations: one transaction around a method that writes.

    @mutation(needs(Permission.MEMBERS_WRITE))
    async def share_revoke(
        self, session: WriteSession, principal: Principal, input: ShareInput
    ) -> SharePayload:
        \"\"\"End a share, from the next request on.\"\"\"
        made = await update.revoke_share(session, principal, share_id(input.share_id))
        return payload(SharePayload, share_id=made.share_id)

What runs in several transactions, hashes passwords or reads its payload as somebody else is declared with
`strawberry.mutation` and runs by `schema.fields.writes`.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import strawberry

from authz.callers.principals import Principal
from engine.writes.sessions import WriteSession
from resolvers.effects.attempts import Limit
from schema.fields.context import ContextInfo, principal_of
from schema.fields.payloads import P
from schema.fields.writes import perform

_PARAMETERS = {"session", "principal", "context", "input"}


def mutation(
    marks: list[object], limits: Callable[[Principal], Sequence[Limit]] | None = None
) -> Callable[[Callable[..., Awaitable[P]]], Any]:
    """A field of Mutation that runs the method in one transaction and answers with the payload it returns.

    The method takes `session`, and whichever it needs of `principal`, `context` and `input`. With `principal`
    the field answers UNAUTHENTICATED while nobody is signed in. Where the input has `dry_run`, a dry run is
    possible. `limits` are counted first, except for dry runs. The docstring is the field's description.

    Raises TypeError for a parameter of another name.
    """

    def decorate(write: Callable[..., Awaitable[P]]) -> Any:
        signature = inspect.signature(write)
        takes = [name for name in signature.parameters if name != "self"]
        if not _PARAMETERS.issuperset(takes):
            raise TypeError(f"{write.__qualname__}: a mutation takes only {sorted(_PARAMETERS)}")
        type_: type[P] = signature.return_annotation

        async def resolve(self: object, info: ContextInfo, **arguments: Any) -> P:
            given = {"context": info.context, **arguments}
            if "principal" in takes:
                given["principal"] = principal_of(info)

            async def written(session: WriteSession) -> P:
                given["session"] = session
                return await write(self, **{name: given[name] for name in takes})

            counted = () if limits is None else limits(principal_of(info))
            dry_run = getattr(arguments.get("input"), "dry_run", False)
            return await perform(info, type_, written, counted, dry_run=dry_run)

        _show_as(resolve, write, signature)
        description = " ".join((inspect.getdoc(write) or "").split())
        return strawberry.mutation(resolve, directives=marks, description=description)

    return decorate


def _show_as(
    resolve: Callable[..., object], write: Callable[..., object], signature: inspect.Signature
) -> None:
    """Give Strawberry the method's name, input and payload."""
    info = inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=ContextInfo)
    own = signature.parameters
    shown = [own["self"], info, *(own[name] for name in own if name == "input")]
    resolve.__name__ = write.__name__
    resolve.__module__ = write.__module__
    resolve.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]
