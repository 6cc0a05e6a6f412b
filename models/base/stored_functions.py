"""The functions that the database holds: declared beside what they serve, written and compared here.

`mandant migrate` writes them, whatever is there; a server compares them before it starts.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from models.base.columns import APPLICATION_ROLE


class Language(enum.Enum):
    """What a body is written in, as PostgreSQL calls it."""

    PLPGSQL = "plpgsql"
    SQL = "sql"
    """What it calls has to be there when it is written."""


class Volatility(enum.Enum):
    """What PostgreSQL may take for granted of the answers, with its letter for it."""

    VOLATILE = "v"
    STABLE = "s"
    IMMUTABLE = "i"


class Rights(enum.Enum):
    """With whose rights a function runs and who may call it, as SQL: where it is not for everybody, no
    temporary table is taken for one of ours."""

    CALLER = "SECURITY INVOKER"
    """The caller's, who may be anybody. Without a path of its own it can be inlined."""
    APPLICATION = "SECURITY INVOKER SET search_path = public, pg_temp"
    """The caller's, who may be the application alone."""
    OWNER = "SECURITY DEFINER SET search_path = public, pg_temp"
    """The owner's, whom every policy lets by; the caller may be the application alone."""


@dataclass(frozen=True)
class StoredFunction:
    """`head`: the name, the arguments, each with its type as one word, and RETURNS; all of it as in SQL."""

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
        """Make the stored function this one. A migration has to drop one that has the same arguments under
        other names, or returns something else: PostgreSQL refuses to replace it."""
        connection.exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION {self.head} LANGUAGE {self.language.value} {self.volatility.name} "
            f"{self.rights.value} AS $body${self.body}$body$"
        )
        if self.rights is not Rights.CALLER:
            connection.exec_driver_sql(f"REVOKE ALL ON FUNCTION {self.signature} FROM PUBLIC")
            connection.exec_driver_sql(f"GRANT EXECUTE ON FUNCTION {self.signature} TO {APPLICATION_ROLE}")


_STORED = text("""
SELECT prosrc, CAST(provolatile AS text), CASE
    WHEN NOT prosecdef AND proconfig IS NULL THEN 'CALLER'
    WHEN proconfig = ARRAY['search_path=public, pg_temp']
      AND has_function_privilege(:application, stored.oid, 'EXECUTE')
      AND NOT has_function_privilege('public', stored.oid, 'EXECUTE')
      THEN CASE WHEN prosecdef THEN 'OWNER' ELSE 'APPLICATION' END
  END, lanname
FROM unnest(CAST(:signatures AS text[])) WITH ORDINALITY AS wanted (signature, place)
LEFT JOIN pg_proc AS stored ON stored.oid = to_regprocedure(signature)
LEFT JOIN pg_language ON pg_language.oid = prolang ORDER BY place""")


def differ(connection: Connection, functions: Sequence[StoredFunction]) -> bool:
    """Whether a stored function is another, or is not there: `mandant migrate` is due."""
    signatures = [function.signature for function in functions]
    stored = connection.execute(_STORED, {"application": APPLICATION_ROLE, "signatures": signatures})
    return [tuple(row) for row in stored] != [
        (function.body, function.volatility.value, function.rights.name, function.language.value)
        for function in functions
    ]
