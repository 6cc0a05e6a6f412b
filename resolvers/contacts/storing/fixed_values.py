"""What fixed statements about an account's rows are given."""

from sqlalchemy import ColumnElement, FromClause, Uuid, and_, bindparam

MASTER_ID = bindparam("master_id", type_=Uuid())
ACCOUNT_ID = bindparam("account_id", type_=Uuid())


def in_given_account(rows: FromClause) -> ColumnElement[bool]:
    """Whether rows belong to the account that the statement is given."""
    return and_(rows.c.master_id == MASTER_ID, rows.c.account_id == ACCOUNT_ID)
