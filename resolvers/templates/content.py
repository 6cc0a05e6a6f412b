"""What one version of a template says."""

import datetime
from dataclasses import dataclass

from sqlalchemy import BigInteger, Uuid, func, literal, select

from engine.database.snapshot import Reader
from engine.declare.far import tree_value
from models.accounts.trees import in_tree
from models.base.ids import IdInAccount
from models.templates.tables import TemplateChannel, template_versions, templates
from resolvers.block_list.reads import SeenPath
from resolvers.templates.parts import Parts


@dataclass(frozen=True)
class TemplateContent:
    """A version, with its parts as they were given."""

    channel: TemplateChannel
    number: int
    parts: Parts
    created_at: datetime.datetime


async def read_content(
    reader: Reader, path: SeenPath, template_id: IdInAccount, number: int | None
) -> TemplateContent | None:
    """`number`: of the version; None: the newest. One statement of the data plane. None: there is no such
    version."""
    found, version = templates.alias(), template_versions.alias()
    wanted = func.coalesce(literal(number, BigInteger), found.c.version)
    of_template = in_tree(version, found, account_id="account_id", template_id="id")
    statement = (
        select(
            found.c.channel,
            version.c.number,
            version.c.subject,
            version.c.text,
            version.c.html,
            version.c.created_at,
        )
        .select_from(found.join(version, of_template & (version.c.number == wanted)))
        .where(
            found.c.master_id == tree_value(),
            version.c.master_id == tree_value(),
            found.c.account_id == literal(path.account_id, Uuid),
            found.c.id == literal(template_id.id, Uuid),
            found.c.deleted_at.is_(None),
        )
    )
    for row in await reader.far_rows(path.master_id, statement, {}):
        parts = Parts(row["subject"], row["text"], row["html"])
        return TemplateContent(TemplateChannel(row["channel"]), row["number"], parts, row["created_at"])
    return None
