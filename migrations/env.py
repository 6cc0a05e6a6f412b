"""Alembic's entry: runs on the connection that it is handed, in that connection's transaction."""

from alembic import context
from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.schema import SchemaItem

from models import metadata


def _is_described(found: SchemaItem, *_: object) -> bool:
    """Whether it is not what PostgreSQL adds to a foreign key where the other table is divided by months."""
    references = found.elements if isinstance(found, ForeignKeyConstraint) else []
    return not any(each.target_fullname.startswith("months.") for each in references)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=True,
    include_object=_is_described,
)
with context.begin_transaction():
    context.run_migrations()
