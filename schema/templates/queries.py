"""What a template says, and how one contact would get it."""

from typing import Annotated

import strawberry

from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.base.field_errors import absent, forbidden
from models.base.ids import AccountId, IdInAccount, Kind, parse, parse_in_account
from models.templates.tables import TemplateChannel
from resolvers.block_list.reads import SeenPath, read_seen_path
from resolvers.templates import content, preview
from resolvers.templates.parts import Parts, check_parts
from resolvers.templates.rendering.work import Part
from resolvers.templates.variables import Values, read_contact_values
from schema.fields.addresses import in_a_query
from schema.fields.context import ContextInfo, principal_of
from schema.fields.marks import needs
from schema.templates.mutations import HTML, SUBJECT, TEXT
from schema.templates.types import SmsSize, TemplateContent, TemplatePreview, TemplateWarning

_READ = Permission.TEMPLATES_READ
_VERSION = "The number of the version. If it is left out, the newest one."


@strawberry.input(description="The parts of a template that is not saved yet.")
class TemplatePartsInput:
    channel: TemplateChannel = strawberry.field(description="What it is for.")
    subject: str | None = strawberry.field(default=None, description=SUBJECT)
    text: str | None = strawberry.field(default=None, description=TEXT)
    html: str | None = strawberry.field(default=None, description=HTML)


@strawberry.type
class TemplateQuery:
    @strawberry.field(
        directives=needs(_READ), description="What a version of a template says, as it was written."
    )
    async def template_content(
        self,
        info: ContextInfo,
        template_id: Annotated[strawberry.ID, strawberry.argument(description="The template.")],
        version: Annotated[int | None, strawberry.argument(description=_VERSION)] = None,
    ) -> TemplateContent | None:
        named = parse_in_account(Kind.TEMPLATE, template_id)
        path = await _seen(info, None if named is None else named.account_id)
        found = await _content(info, path, named, version)
        return TemplateContent(
            version=found.number,
            subject=found.parts.subject,
            text=found.parts.text,
            html=found.parts.html,
            created_at=found.created_at,
        )

    @strawberry.field(
        directives=needs(_READ),
        description="A template as one contact would get it, with the settings and field functions that are "
        "in force in the account. Give `templateId`, or `parts` that are not saved yet. With `contactId` it "
        "needs CONTACTS_READ, too.",
    )
    async def template_preview(
        self,
        info: ContextInfo,
        account_id: Annotated[strawberry.ID, strawberry.argument(description="The account.")],
        template_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="A template of the account.")
        ] = None,
        version: Annotated[int | None, strawberry.argument(description=_VERSION)] = None,
        parts: Annotated[
            TemplatePartsInput | None, strawberry.argument(description="Parts in place of a template.")
        ] = None,
        contact_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="A contact of the account. If it is left out, its variables are missing."
            ),
        ] = None,
    ) -> TemplatePreview | None:
        key = parse(Kind.ACCOUNT, account_id)
        path = await _seen(info, None if key is None else AccountId(key))
        if contact_id is not None and not path.may(Permission.CONTACTS_READ):
            raise forbidden(Permission.CONTACTS_READ)
        channel, given = await _given(info, path, template_id, version, parts)
        contact = None if contact_id is None else await _contact(info, path, contact_id)
        renderer = info.context.deployment.renderer
        with in_a_query():
            made = await preview.preview(info.context.reader, renderer, path, channel, given, contact)
        return _shown(made)


async def _seen(info: ContextInfo, account_id: AccountId | None) -> SeenPath:
    """Raises NOT_FOUND for an account out of reach, and FORBIDDEN."""
    principal_of(info)
    path = None if account_id is None else await read_seen_path(info.context.reader, account_id)
    if path is None:
        raise absent("NOT_FOUND")
    if not path.may(_READ):
        raise forbidden(_READ)
    return path


async def _content(
    info: ContextInfo, path: SeenPath, named: IdInAccount | None, version: int | None
) -> content.TemplateContent:
    """Raises NOT_FOUND for a template or a version that the account does not have."""
    found = None
    if named is not None and named.account_id == path.account_id:
        found = await content.read_content(info.context.reader, path, named, version)
    if found is None:
        raise absent("NOT_FOUND")
    return found


async def _given(
    info: ContextInfo,
    path: SeenPath,
    template_id: str | None,
    version: int | None,
    parts: TemplatePartsInput | None,
) -> tuple[TemplateChannel, Parts]:
    with in_a_query():
        if (template_id is None) == (parts is None) or (parts is not None and version is not None):
            message = "Give either `templateId`, with or without `version`, or `parts`."
            raise Refusal(RefusalCode.BAD_USER_INPUT, message, "templateId")
        if parts is not None:
            given = Parts(subject=parts.subject, text=parts.text, html=parts.html)
            check_parts(given, parts.channel)
            return parts.channel, given
    found = await _content(info, path, parse_in_account(Kind.TEMPLATE, template_id), version)
    return found.channel, found.parts


async def _contact(info: ContextInfo, path: SeenPath, contact_id: str) -> Values:
    """Raises NOT_FOUND for a contact that the account does not have."""
    named, found = parse_in_account(Kind.CONTACT, contact_id), None
    if named is not None and named.account_id == path.account_id:
        found = await read_contact_values(info.context.reader, path, named)
    if found is None:
        raise absent("NOT_FOUND")
    return found


def _shown(made: preview.TemplatePreview) -> TemplatePreview:
    size = made.sms
    return TemplatePreview(
        subject=made.parts.get(Part.SUBJECT),
        text=made.parts.get(Part.TEXT),
        html=made.parts.get(Part.HTML),
        warnings=[
            TemplateWarning(part=found.part, kind=found.kind, name=found.name) for found in made.warnings
        ],
        sms=None if size is None else SmsSize(encoding=size.encoding, units=size.units, parts=size.parts),
    )
