"""Stored functions: each area declares its own in `functions.py`, most of them from `.sql` files beside it.

`mandant migrate` always writes all of them. A server compares them with those in the database before it
starts.
"""

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from importlib.resources import files
from string import Template
from typing import Any

from sqlalchemy import Connection, make_url, text
from sqlalchemy.types import TypeEngine

from models.base.columns import APPLICATION_ROLE


class Language(enum.Enum):
    """What a body is written in, by PostgreSQL's name."""

    PLPGSQL = "plpgsql"
    SQL = "sql"
    """PostgreSQL refuses it while a function that it calls does not exist."""


class Volatility(enum.Enum):
    """What PostgreSQL may assume about the results, with the letter of its catalogue."""

    VOLATILE = "v"
    STABLE = "s"
    IMMUTABLE = "i"


class Rights(enum.Enum):
    """With whose rights a function runs and who may call it, as SQL. If a function has a search path of its
    own, a caller's temporary table cannot take the place of our table."""

    CALLER = "SECURITY INVOKER"
    """The caller's; anybody may call it. Without a search path of its own PostgreSQL can inline it."""
    APPLICATION = "SECURITY INVOKER SET search_path = public, pg_temp"
    """The caller's; only the application may call it."""
    OWNER = "SECURITY DEFINER SET search_path = public, pg_temp"
    """The owner's, who passes every policy; only the application may call it."""
    PAST = "SECURITY INVOKER SET search_path = past, pg_catalog, pg_temp"
    """The caller's; only the application may call it. It sees the tables as they were (see `authz.past`)."""


@dataclass(frozen=True)
class StoredFunction:
    """`head`: as in SQL the name, the arguments, each with a type of one word, and RETURNS."""

    head: str
    body: str
    volatility: Volatility = Volatility.VOLATILE
    rights: Rights = Rights.CALLER
    language: Language = Language.PLPGSQL

    @property
    def signature(self) -> str:
        """The name and the arguments' types."""
        name, _, arguments = self.head.partition(")")[0].partition("(")
        types = [each.partition(" DEFAULT")[0].split()[-1] for each in arguments.split(",") if each]
        return f"{name}({', '.join(types)})"

    def write(self, connection: Connection) -> None:
        """Create or replace it. PostgreSQL refuses to replace a function whose arguments have other names or
        which returns another type: a migration has to drop that one."""
        connection.exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION {self.head} LANGUAGE {self.language.value} {self.volatility.name} "
            f"{self.rights.value} AS $body${self.body}$body$"
        )
        if self.rights is not Rights.CALLER:
            connection.exec_driver_sql(f"REVOKE ALL ON FUNCTION {self.signature} FROM PUBLIC")
            connection.exec_driver_sql(f"GRANT EXECUTE ON FUNCTION {self.signature} TO {APPLICATION_ROLE}")


_POSTGRESQL = make_url("postgresql+asyncpg://").get_dialect()()


def written_columns(types: Mapping[str, TypeEngine[Any]]) -> str:
    """The columns of a function that returns a table, as SQL."""
    return ", ".join(f"{name} {type_.compile(_POSTGRESQL)}" for name, type_ in types.items())


def in_order(functions: Iterable[StoredFunction]) -> tuple[StoredFunction, ...]:
    """The functions in an order in which PostgreSQL takes them: those in SQL come after those they call."""
    named = {function: function.head.partition("(")[0] for function in functions}
    order: TopologicalSorter[StoredFunction] = TopologicalSorter()
    for function in named:
        words = set(_WORD.findall(function.body)) if function.language is Language.SQL else set()
        order.add(function, *(other for other, name in named.items() if other != function and name in words))
    return tuple(order.static_order())


_WORD = re.compile(r"\w+")
_WRITTEN = re.compile(
    r"^CREATE OR REPLACE FUNCTION (?P<head>.+?)\n"
    r"LANGUAGE (?P<language>\w+) (?P<volatility>\w+) (?P<rights>SECURITY .+?) "
    r"AS \$body\$(?P<body>.+?)\$body\$;$",
    re.DOTALL | re.MULTILINE,
)


def functions_in(package: str, *names: str, **values: object) -> tuple[StoredFunction, ...]:
    """The functions that a package's `.sql` files of these names create, in their order.

    `values` replace the placeholders (`$name`) in the files. Raises KeyError for one without a value.
    """
    texts = [files(package).joinpath(f"{name}.sql").read_text() for name in names]
    written = [_function(found) for file in texts for found in _WRITTEN.finditer(file)]
    return tuple(
        replace(
            function,
            head=Template(function.head).substitute(values),
            body=Template(function.body).substitute(values),
        )
        for function in written
    )


def _function(found: re.Match[str]) -> StoredFunction:
    return StoredFunction(
        found["head"],
        found["body"],
        Volatility[found["volatility"]],
        Rights(found["rights"]),
        Language(found["language"]),
    )


_STORED = text("""
SELECT prosrc, CAST(provolatile AS text), CASE
    WHEN NOT prosecdef AND proconfig IS NULL THEN 'CALLER'
    WHEN proconfig <@ ARRAY['search_path=public, pg_temp', 'search_path=past, pg_catalog, pg_temp']
      AND has_function_privilege(:application, stored.oid, 'EXECUTE')
      AND NOT has_function_privilege('public', stored.oid, 'EXECUTE')
      THEN CASE WHEN proconfig[1] = 'search_path=past, pg_catalog, pg_temp' AND NOT prosecdef THEN 'PAST'
        WHEN prosecdef THEN 'OWNER' ELSE 'APPLICATION' END
  END, lanname
FROM unnest(CAST(:signatures AS text[])) WITH ORDINALITY AS wanted (signature, place)
LEFT JOIN pg_proc AS stored ON stored.oid = to_regprocedure(signature)
LEFT JOIN pg_language ON pg_language.oid = prolang ORDER BY place""")


def differ(connection: Connection, functions: Sequence[StoredFunction]) -> bool:
    """Whether the database lacks one of them or has another: then `mandant migrate` is due."""
    signatures = [function.signature for function in functions]
    stored = connection.execute(_STORED, {"application": APPLICATION_ROLE, "signatures": signatures})
    return [tuple(row) for row in stored] != [
        (function.body, function.volatility.value, function.rights.name, function.language.value)
        for function in functions
    ]
