"""The rows of the area `templates` in the tables that have one for each mutation, table or id."""

from models.base.ids import Kind
from models.templates.tables import templates
from tests.authz.escalation.statuses import NEEDS_ACTIVE, Row
from tests.authz.rules.consequences import NO_CONSEQUENCE
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.client.updates import Field, Null, Update, Updated
from tests.storage.growth import kept
from tests.storage.tree import Tree
from tests.world.brand import Brand
from tests.world.templates import give_template, template_id
from tests.world.world import Account, World

CONSEQUENCES = {
    "templateCreate": NO_CONSEQUENCE,
    "templateUpdate": NO_CONSEQUENCE,
    "templateDelete": NO_CONSEQUENCE,
}


STATUSES = {
    "templateCreate": Row(NEEDS_ACTIVE),
    "templateUpdate": Row(NEEDS_ACTIVE),
    "templateDelete": Row(NEEDS_ACTIVE),
}


BOUNDS = {
    "templates": kept("what an account has written, until 30 days after it is closed; 1,000 at a time"),
    "template_versions": kept("the same: messages show them; at most 1,000 of a template"),
}


REMOVES = {"templateDelete": "removedTemplateId"}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    template = {"templateId": place.objects[Kind.TEMPLATE]}
    parts = {"subject": "News", "text": "Hello {{ contact.email }}", "html": "<p>Hello</p>"}
    values = {"name": "News", "externalId": "8", **parts}
    return {
        "templateCreate": {"accountId": place.account.id, "channel": "EMAIL", **values},
        "templateUpdate": template | values | {"expectedVersion": 1},
        "templateDelete": template,
    }


ID_FIELDS = {"templateId": Kind.TEMPLATE}


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """An object of each kind of id that the area has."""
    return {Kind.TEMPLATE: template_id(account, await give_template(world, account, "Welcome"))}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_template(world, tree.master, "Welcome")


async def _template(world: World, brand: Brand) -> Updated:
    key = await give_template(world, brand.us, "Welcome", external_id="7", html="<p>Hello</p>")
    return Updated({"templateId": template_id(brand.us, key)}, templates.c.id == key)


UPDATES = {
    "templateUpdate": Update(
        templates,
        _template,
        {
            "name": Field("News", ("name",), Null.REFUSED),
            "externalId": Field("8", ("external_id",), None),
            "subject": Field("News", ("subject",), Null.REFUSED),
            "text": Field("Hi", ("text",), None),
            "html": Field("<p>Hi</p>", ("html",), None),
        },
    ),
}
