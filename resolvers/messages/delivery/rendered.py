"""The parts of a message as its recipient gets them."""

from collections.abc import Mapping

from resolvers.messages.delivery.claimed import ClaimedMessage
from resolvers.templates.rendering.renderer import Renderer
from resolvers.templates.rendering.work import Fault, Part, Work


async def rendered(
    renderer: Renderer, message: ClaimedMessage, unsubscribe_url: str | None
) -> Mapping[Part, str] | Fault:
    """What is made from no template stays as it is. A template reads the URL as
    `{{ message.unsubscribeUrl }}`."""
    if message.sender is None:
        return message.parts.given
    own = {} if unsubscribe_url is None else {"unsubscribeUrl": unsubscribe_url}
    values: dict[str, object] = {"account": message.sender.values, "message": {**message.variables, **own}}
    if message.contact is not None:
        values["contact"] = message.contact
    found = await renderer.do(Work(message.parts.given, values, message.sender.functions))
    return found if isinstance(found, Fault) else found.parts
