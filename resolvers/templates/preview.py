"""A template as one contact would get it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from authz.policy.refusals import Refusal, RefusalCode
from engine.database.snapshot import Reader
from models.templates.tables import TemplateChannel
from resolvers.block_list.reads import SeenPath
from resolvers.settings.in_force import all_of, effective, statement_of
from resolvers.templates.parts import Parts
from resolvers.templates.rendering.renderer import Renderer
from resolvers.templates.rendering.work import Fault, Part, RenderWarning, Work
from resolvers.templates.sms_parts import SmsSize, size_of
from resolvers.templates.variables import Values, account_values


@dataclass(frozen=True)
class TemplatePreview:
    """The rendered parts; `sms` for an SMS alone."""

    parts: Mapping[Part, str]
    warnings: Sequence[RenderWarning]
    sms: SmsSize | None


async def preview(
    reader: Reader,
    renderer: Renderer,
    path: SeenPath,
    channel: TemplateChannel,
    parts: Parts,
    contact: Values | None,
) -> TemplatePreview:
    """Render the parts with the settings and field functions that are in force in the account. `contact`: the
    values of one; None: those of nobody. Raises BAD_USER_INPUT for a template that cannot be rendered."""
    rows = await reader.rows(statement_of(path))
    settings = effective(all_of(rows))
    values: dict[str, object] = {"account": account_values(rows[0]["account_name"], settings)}
    if contact is not None:
        values["contact"] = contact
    work = Work(parts.given, values, settings.field_functions, for_display=True)
    found = await renderer.do(work)
    if isinstance(found, Fault):
        where = "" if found.part is None else f"In {found.part}: "
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"{where}{found}")
    sms = size_of(found.parts[Part.TEXT]) if channel is TemplateChannel.SMS else None
    return TemplatePreview(found.parts, found.warnings, sms)
