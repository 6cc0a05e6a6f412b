"""When the sessions ended that narrowed tokens had been made of, whatever became of their rows (N2).

Sessions have no history: their ends move with each use, and where people were signed in is nobody's affair
later. But a narrowed token ends with its session. So the database notes the end of each session that had one,
in the transaction that ends it: see `keep_session_ends.sql`.
"""

from sqlalchemy import Index, LargeBinary, Uuid

from models.base.columns import Column, moment
from models.base.planes import control_table

session_ends = control_table(
    "session_ends",
    Column("id", Uuid, primary_key=True, comment="The session's."),
    Column("user_id", Uuid, nullable=False, comment="Whose it was; an id alone, as in the histories."),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of its token: the tokens' root_digest"),
    moment("ended_at", nullable=False),
    Index(None, "digest"),
    comment="Of sessions that narrowed tokens were made of. A row is never changed.",
)
