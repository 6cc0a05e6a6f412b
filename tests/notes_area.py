"""A tiny area as text, by file: notes on accounts."""

FILES = {
    "models/notes/__init__.py": '"""Notes."""\n',
    "models/notes/tables.py": '''"""Notes on accounts."""

from sqlalchemy import PrimaryKeyConstraint, Text, Uuid

from models.base.columns import Column, account_columns, account_reference, moment
from models.base.planes import control_table

notes = control_table(
    "notes",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("text", Text, nullable=False),
    moment("due_at"),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
)
''',
    "models/notes/due.sql": """-- The notes that somebody has to be reminded of.
CREATE OR REPLACE FUNCTION mandant_notes_due()
RETURNS TABLE (tree uuid, subject uuid)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT note.master_id, note.id FROM notes AS note WHERE note.due_at <= mandant_now()
$body$;
""",
    "models/notes/functions.py": '''"""The stored function that finds notes that are due."""

from models.base.stored_functions import functions_in

FUNCTIONS = functions_in(__package__, "due")
''',
    "models/notes/job_kinds.py": '''"""What has to be done for notes."""

from models.effects.jobs import JobKind

NOTE_REMINDER = JobKind("note_reminder", due="mandant_notes_due")

JOB_KINDS = (NOTE_REMINDER,)
''',
    "resolvers/notes/__init__.py": '"""Notes."""\n',
    "resolvers/notes/reads.py": '''"""Notes, as members see them."""

from typing import Annotated, Any

from sqlalchemy import FromClause, Select, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.notes.tables import notes
from resolvers.inputs.global_ids import Id, of_kind

BY_ID = Order("notes", (notes.c.id,))


def of_account(account: FromClause) -> Select[Any]:
    """The account's notes, oldest first."""
    note = notes.alias()
    return select(*note.c).where(in_tree(note, account, account_id="id"))


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.NOTE)]) -> Select[Any]:
    """A note."""
    note = notes.alias()
    return select(*note.c).where(note.c.id == id, account_where(note, Permission.ACCOUNT_READ))
''',
    "resolvers/notes/retentions.py": '''"""How long notes are kept."""

from resolvers.effects.retention import DAY, Retention

RETENTIONS = (Retention("notes", "notes", ("master_id", "id"), "due_at", 30 * DAY),)
''',
    "resolvers/notes/sealed_columns.py": '''"""What is stored of notes encrypted."""

from models.notes.tables import notes
from resolvers.sealing.places import SealedColumn

SEALED_COLUMNS = (SealedColumn(notes, "text"),)
''',
    "resolvers/notes/mail_kinds.py": '''"""The mail that reminds of a note."""

from resolvers.effects.mail_limits import OFFERS, MailKind

REMINDER = MailKind("A note on your account is due", OFFERS)

MAIL_KINDS = (REMINDER,)
''',
    "schema/notes/__init__.py": '''"""Notes on accounts."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.notes import reads
from schema.fields.contribution import Contribution
from schema.notes.mutations import NoteMutation
from schema.notes.types import Note

CONTRIBUTION = Contribution(
    mutations=(NoteMutation,), look_ups={Kind.NOTE: LookUp(Note, reads.by_id)}
)
''',
    "schema/notes/types.py": '''"""Notes."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import global_id
from engine.declare.declarations import column, entity
from models.base.ids import Kind
from models.notes.tables import notes
from schema.fields.node import ID_DESCRIPTION, Node


@entity(notes, requires=Permission.ACCOUNT_READ)
class Note(Node):
    """A note on an account."""

    id: strawberry.ID = column(codec=global_id(Kind.NOTE), description=ID_DESCRIPTION)
    text: str = column(description="What somebody noted.")
''',
    "schema/notes/account_fields.py": '''"""An account's notes."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.notes import reads
from schema.notes.types import Note


@strawberry.type
class AccountFields:
    notes: Connection[Note] | None = connection(
        reads.of_account, order=reads.BY_ID, requires=Permission.ACCOUNT_READ
    )
''',
    "schema/notes/mutations.py": '''"""Mutations of notes."""

import strawberry

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity
from engine.writes.sessions import WriteSession
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload


@strawberry.input(description="A new note.")
class NoteAddInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")


@entity(None)
class NotePayload(Payload):
    """A note."""


@strawberry.type
class NoteMutation:
    @mutation(needs(Permission.ACCOUNT_WRITE))
    async def note_add(
        self, session: WriteSession, principal: Principal, input: NoteAddInput
    ) -> NotePayload:
        """Add a note."""
        return NotePayload()
''',
    "server/jobs/notes.py": '''"""Reminders of notes."""

from engine.writes.sessions import WriteSessions
from models.effects.jobs import Job
from models.notes.job_kinds import NOTE_REMINDER
from schema.fields.deployment import Deployment
from server.jobs.work import JobWork, Work


async def _remind(sessions: WriteSessions, deployment: Deployment, job: Job) -> None:
    """Remind of it."""


WORK = Work(jobs=(JobWork(NOTE_REMINDER, _remind),))
''',
    "server/commands/notes.py": '''"""Counting notes."""

import typer

GROUP = typer.Typer(name="notes", help="Notes.", no_args_is_help=True)


@GROUP.command("count")
def count() -> None:
    """Count all notes."""
''',
    "tests/areas/notes/__init__.py": "",
    "tests/areas/notes/matrix.py": '''"""The rows of the matrix for notes."""

from models.base.ids import Kind
from tests.authz.matrix.matrix_callers import INSIDE, MANAGERS, Stage
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, account_id, gated


async def _note(stage: Stage) -> str:
    return "note_0"


MUTATIONS = {"noteAdd": Mutation("ACCOUNT_WRITE", gated("ACCOUNT_WRITE", MANAGERS), account_id)}
ACCOUNT_FIELDS = {"notes": ("ACCOUNT_READ", INSIDE)}
NODES = {Kind.NOTE: NodeOf(_note, INSIDE)}
''',
    "tests/areas/notes/oracle.py": '''"""The rows of the area `notes`."""

from tests.authz.escalation.statuses import NEEDS_ACTIVE, Row
from tests.authz.rules.consequences import NO_CONSEQUENCE
from tests.storage.growth import deleted

CONSEQUENCES = {"noteAdd": NO_CONSEQUENCE}
STATUSES = {"noteAdd": Row(NEEDS_ACTIVE)}
BOUNDS = {"notes": deleted("a note that was due")}
''',
}
"""Whatever an area may contribute, once."""

CENTRAL = {
    "models/areas.py": ('    "effects",\n', '    "effects",\n    "notes",\n'),
    "models/base/ids.py": ('    INVOICE = "invc"\n', '    INVOICE = "invc"\n    NOTE = "note"\n'),
}
"""What stands there already, and what replaces it: the list of areas, and the prefix of a new kind of id."""
