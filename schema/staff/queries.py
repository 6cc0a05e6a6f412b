"""The query of platform staff."""

import strawberry

from engine.declare.declarations import to_one
from resolvers.staff import reads
from schema.fields.marks import OPEN
from schema.staff.types import Staff


@strawberry.type
class StaffQuery:
    staff: Staff | None = to_one(reads.current, directives=OPEN)
