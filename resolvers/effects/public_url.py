"""Where people reach the server: what whole addresses begin with."""

from sqlalchemy import ColumnElement, Text, bindparam, cast

PUBLIC_URL_NAME = "public_url"
"""Under which name statements are given it, without a slash at the end."""

PUBLIC_URL: ColumnElement[str] = cast(bindparam(PUBLIC_URL_NAME, type_=Text, required=True), Text)
