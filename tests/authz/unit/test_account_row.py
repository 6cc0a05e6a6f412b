"""The door's columns of an account are the fields of what writes read."""

from authz.guards.account_row import COLUMNS, AccountRow


def test_the_columns_are_the_fields_in_their_order() -> None:
    """A value under another name would be judged as something else."""
    assert tuple(COLUMNS) == AccountRow._fields
