"""Templates and their versions."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.base.marks import Public
from engine.declare.codecs import enum_of
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, entity
from models.templates.tables import TemplateChannel, template_versions, templates
from resolvers.templates import reads
from resolvers.templates.rendering.work import Part, WarningKind
from resolvers.templates.sms_parts import SmsEncoding
from schema.fields.node import ID_DESCRIPTION, Node

_READ = Permission.TEMPLATES_READ


@entity(
    template_versions,
    key=("master_id", "account_id", "id"),
    requires=_READ,
    far=True,
)
class TemplateVersion:
    """A version of a template. It never changes. `templateContent` shows its text and its HTML."""

    number: int = column(description="The number, from 1.")
    subject: str | None = column(description="The subject as it was written; null for an SMS.")
    created_at: datetime.datetime = column(description="When it was made.")


@entity(templates, key=("master_id", "account_id", "id"), requires=_READ, far=True)
class Template(Node):
    """What an account writes in messages to many: an e-mail or an SMS, in Liquid."""

    id: strawberry.ID = computed(reads.id_of, description=ID_DESCRIPTION)
    external_id: str | None = column(description="Your own id of the template; unique in the account.")
    name: str = column(description="The name.")
    channel: TemplateChannel = column(
        codec=enum_of(TemplateChannel), description="What it is for. It never changes."
    )
    version: int = column(
        description="The number of the newest version. Every change of the template makes a new one."
    )
    versions: Connection[TemplateVersion] = connection(reads.versions_of, order=reads.NEWEST_FIRST)
    created_at: datetime.datetime = column(description="When it was created.")


@strawberry.type(description="What a version of a template says, as it was written.", directives=[Public()])
class TemplateContent:
    version: int = strawberry.field(description="The version's number.")
    subject: str | None = strawberry.field(description="The subject; null for an SMS.")
    text: str | None = strawberry.field(description="The plain text; null if there is none.")
    html: str | None = strawberry.field(description="The HTML; null if there is none.")
    created_at: datetime.datetime = strawberry.field(description="When the version was made.")


@strawberry.type(description="Something that a template uses and that is not there.", directives=[Public()])
class TemplateWarning:
    part: Part = strawberry.field(description="The part that uses it.")
    kind: WarningKind = strawberry.field(description="What is missing.")
    name: str = strawberry.field(description="Its name, such as `contact.attributes.city`.")


@strawberry.type(description="How an SMS is sent.", directives=[Public()])
class SmsSize:
    encoding: SmsEncoding = strawberry.field(
        description="GSM_7 if all characters are in its tables, else UCS_2."
    )
    units: int = strawberry.field(
        description="The places that the text takes. In GSM_7 the characters ^ { } [ ] ~ | \\ € take two, in "
        "UCS_2 those beyond U+FFFF, such as most emoji."
    )
    parts: int = strawberry.field(description="The number of messages that are sent and paid.")


@strawberry.type(description="A template as one contact would get it.", directives=[Public()])
class TemplatePreview:
    subject: str | None = strawberry.field(
        description="The subject, in one line and at most 998 characters; null for an SMS."
    )
    text: str | None = strawberry.field(description="The plain text; null if there is none.")
    html: str | None = strawberry.field(
        description="The HTML with its style sheets in the elements, safe to be shown in a page: without "
        "scripts, forms and frames; null if there is none."
    )
    warnings: list[TemplateWarning] = strawberry.field(
        description="What is missing, each once for each part, at most 100; empty if nothing."
    )
    sms: SmsSize | None = strawberry.field(description="How an SMS is sent; null for an e-mail.")
