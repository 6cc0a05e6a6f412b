"""The server's public address, with which absolute URLs begin."""

from sqlalchemy import ColumnElement, Text, bindparam, cast

PUBLIC_URL_NAME = "public_url"
"""The name under which statements get it, without a slash at the end."""

PUBLIC_URL: ColumnElement[str] = cast(bindparam(PUBLIC_URL_NAME, type_=Text, required=True), Text)
