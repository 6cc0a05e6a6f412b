"""Accounts: the fields that all areas contribute, in one type."""

from sqlalchemy import BigInteger

from authz.policy.permissions import Permission
from engine.declare.declarations import entity
from models.accounts.tables import accounts
from models.areas import modules_of_areas
from schema.fields.node import Node

_FIELDS = [area.AccountFields for area in modules_of_areas("schema.{area}.account_fields")]


@entity(accounts, carries={"mask": BigInteger()}, requires=Permission.ACCOUNT_READ)
class Account(*_FIELDS, Node):  # type: ignore[misc]
    """A customer's complete account, with its own members, keys, credit and content. A master account is the
    root of a tree; a subaccount is managed by the account above it."""
