"""contacts are known by digests too, which outlive them"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    # Nothing wrote contacts before: there are no rows whose digests would have to be made.
    for name in ("email", "phone"):
        digest = sa.Column(
            f"{name}_digest", sa.LargeBinary(), comment="What outlives the contact: keyed (T23)."
        )
        op.add_column("contacts", digest)
        op.drop_constraint(op.f(f"ck_contacts_{name}"), "contacts")
        columns = f"{name}, {name}_canonical, {name}_digest"
        op.create_check_constraint(op.f(f"ck_contacts_{name}"), "contacts", f"num_nulls({columns}) IN (0, 3)")
    op.execute("GRANT UPDATE (email_digest, phone_digest) ON contacts TO mandant_data")
