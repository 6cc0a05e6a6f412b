"""Mutations of templates."""

import strawberry

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, present_in_account
from models.templates.tables import TemplateChannel
from resolvers.inputs.global_ids import required_in_account
from resolvers.templates import change
from resolvers.templates.parts import Parts
from schema.fields.context import Context
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import payload
from schema.fields.updates import expected_version, given, given_value, may_stay
from schema.templates.payloads import TemplateDeletePayload, TemplatePayload, carried

NAME = "1 to 200 characters, without invisible ones."
EXTERNAL_ID = "Your own id of the template, 1 to 200 characters; unique in the account."
SUBJECT = "The subject, in Liquid, at most 998 characters in one line. E-mail only."
TEXT = "The plain text, in Liquid, at most 500,000 characters."
HTML = "The HTML, in Liquid, at most 500,000 characters. E-mail only."


@strawberry.input(description="A new template.")
class TemplateCreateInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    name: str = strawberry.field(description=NAME)
    channel: TemplateChannel = strawberry.field(
        description="What it is for. An e-mail needs a subject, and a text, HTML or both; an SMS has a text. "
        "It never changes."
    )
    external_id: str | None = strawberry.field(default=None, description=EXTERNAL_ID)
    subject: str | None = strawberry.field(default=None, description=SUBJECT)
    text: str | None = strawberry.field(default=None, description=TEXT)
    html: str | None = strawberry.field(default=None, description=HTML)


@strawberry.input(description="A template's new values. Fields that are left out stay as they are.")
class TemplateUpdateInput:
    template_id: strawberry.ID = strawberry.field(description="The template.")
    expected_version: int = expected_version()
    name: str | None = may_stay(NAME)
    external_id: str | None = may_stay(f"{EXTERNAL_ID} Null removes it.")
    subject: str | None = may_stay(SUBJECT)
    text: str | None = may_stay(f"{TEXT} Null removes it.")
    html: str | None = may_stay(f"{HTML} Null removes it.")


@strawberry.input(description="The template to delete.")
class TemplateDeleteInput:
    template_id: strawberry.ID = strawberry.field(description="The template.")


@strawberry.type
class TemplateMutation:
    @mutation(needs(Permission.TEMPLATES_WRITE))
    async def template_create(
        self, session: WriteSession, principal: Principal, context: Context, input: TemplateCreateInput
    ) -> TemplatePayload:
        """Create a template. Its parts are written in Liquid. BAD_USER_INPUT for what Liquid cannot read,
        with the part and the line. An account has at most 1,000."""
        command = change.TemplateCreation(
            account_id=account_id(input.account_id),
            name=input.name,
            external_id=input.external_id,
            channel=input.channel,
            parts=Parts(subject=input.subject, text=input.text, html=input.html),
        )
        done = await change.create_template(session, principal, context.deployment.renderer, command)
        return payload(TemplatePayload, **carried(done))

    @mutation(needs(Permission.TEMPLATES_WRITE))
    async def template_update(
        self, session: WriteSession, principal: Principal, context: Context, input: TemplateUpdateInput
    ) -> TemplatePayload:
        """Change a template. What changes makes a new version, at most 1,000; the older ones stay as they
        are."""
        command = change.TemplateUpdate(
            template_id=required_in_account(Kind.TEMPLATE, input.template_id, "templateId"),
            expected_version=input.expected_version,
            name=given_value(input.name, "name"),
            external_id=given(input.external_id),
            subject=given_value(input.subject, "subject"),
            text=given(input.text),
            html=given(input.html),
        )
        done = await change.update_template(session, principal, context.deployment.renderer, command)
        return payload(TemplatePayload, **carried(done))

    @mutation(needs(Permission.TEMPLATES_WRITE))
    async def template_delete(
        self, session: WriteSession, principal: Principal, input: TemplateDeleteInput
    ) -> TemplateDeletePayload:
        """Delete a template. Nobody sees it any more."""
        template_id = required_in_account(Kind.TEMPLATE, input.template_id, "templateId")
        done = await change.delete_template(session, principal, template_id)
        removed = present_in_account(Kind.TEMPLATE, done.account.account_id, done.template_id)
        return payload(
            TemplateDeletePayload,
            account_id=done.account.account_id,
            removed_template_id=strawberry.ID(removed),
        )
