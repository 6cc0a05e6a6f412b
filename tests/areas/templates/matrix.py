"""The rows of the matrix for templates."""

from models.base.ids import Kind
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, MANAGERS, OUTSIDE, Stage, once
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, Query, Values, gated, table
from tests.world.templates import give_template, template_id

TEMPLATE_READERS = MANAGERS | {"marketer", "guest"}
"""They also write templates: the policy tells no difference."""

ACCOUNT_FIELDS = {"templates": ("TEMPLATES_READ", TEMPLATE_READERS)}


async def _template(stage: Stage) -> str:
    return template_id(stage.account, await give_template(stage.world, stage.account, once()))


async def _create(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "name": once(), "channel": "SMS", "text": "Hello"}


async def _update(stage: Stage) -> Values:
    return {"templateId": await _template(stage), "expectedVersion": 1, "name": once()}


async def _delete(stage: Stage) -> Values:
    return {"templateId": await _template(stage)}


_BY = gated("TEMPLATES_WRITE", TEMPLATE_READERS)

MUTATIONS = {
    "templateCreate": Mutation("TEMPLATES_WRITE", _BY, _create),
    "templateUpdate": Mutation("TEMPLATES_WRITE", _BY, _update),
    "templateDelete": Mutation("TEMPLATES_WRITE", _BY, _delete),
}

_SEEN_BY = table(
    (ANONYMOUS, "UNAUTHENTICATED"),
    (OUTSIDE, "NOT_FOUND"),
    (INSIDE - TEMPLATE_READERS, "FORBIDDEN TEMPLATES_READ"),
    (TEMPLATE_READERS, DONE),
)


async def _content(stage: Stage) -> Values:
    return {"templateId": await _template(stage)}


async def _preview(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "templateId": await _template(stage)}


QUERIES = {
    "templateContent": Query("TEMPLATES_READ", _SEEN_BY, "{ version subject text html }", _content),
    "templatePreview": Query("TEMPLATES_READ", _SEEN_BY, "{ subject text html }", _preview),
}

NODES = {Kind.TEMPLATE: NodeOf(_template, TEMPLATE_READERS)}
