"""What values of attributes are found by."""

from sqlalchemy import ColumnElement, LargeBinary, Text, func, literal_column

from models.contacts.tables import VALUE_DIGEST_BYTES


def digest_of_value(name: ColumnElement[str], value: ColumnElement[str]) -> ColumnElement[bytes]:
    """What the value of the attribute with this name is found by. An index holds no longer texts than a few
    thousand bytes."""
    written = name + literal_column("'='", Text) + value
    encoded = func.convert_to(written, literal_column("'UTF8'"))
    first_bytes: tuple[ColumnElement[int], ...] = literal_column("1"), literal_column(str(VALUE_DIGEST_BYTES))
    return func.substr(func.sha256(encoded), *first_bytes, type_=LargeBinary())
