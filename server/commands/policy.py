"""The policy for administrators: casbin's files, and what each role may do by them."""

import asyncio
import datetime
from typing import Annotated

import typer
from rich.table import Table

from authz.policy.builtin_roles import BuiltinRole, compiled
from authz.policy.compiler import POLICY_FOLDER, RoleMasks
from authz.policy.permissions import Permission
from server.commands.database import open_database, read_settings
from server.commands.explanation import (
    OperatorQuestion,
    decision_text,
    explain_to_operator,
    granters_text,
    misses_table,
    moment_named,
    permission_named,
    steps_table,
)
from server.commands.tables import new_table, print_table
from server.failures.command_failed import database_failures

LEGEND = (
    "m: as a member of the account.  a: in the accounts below it.  "
    "i: below, where the account passes all of its roles down."
)


def policy_texts() -> str:
    """The text of casbin's model and of the policy's lines."""
    model = (POLICY_FOLDER / "model.conf").read_text(encoding="utf-8")
    lines = (POLICY_FOLDER / "policy.csv").read_text(encoding="utf-8")
    return f"{model}\n{lines}"


def policy_table() -> Table:
    """What casbin answers for every role and permission."""
    masks = compiled()
    table = new_table("Permission", *(role.name for role in BuiltinRole))
    for permission in Permission:
        table.add_row(permission.name, *(_marks(masks[role], permission) for role in BuiltinRole))
    return table


def _marks(masks: RoleMasks, permission: Permission) -> str:
    by_mark = {"m": masks.member, "a": masks.ancestor, "i": masks.inherited}
    return " ".join(mark if mask & permission.bit else "-" for mark, mask in by_mark.items())


GROUP = typer.Typer(name="policy", help="The authorization policy.", no_args_is_help=True)


@GROUP.command("show")
def show_policy() -> None:
    """Show casbin's model, the policy's lines, and what every role may do by them."""
    typer.echo(policy_texts())
    print_table(policy_table())
    typer.echo(LEGEND)


@GROUP.command("explain")
def explain_access(
    account: Annotated[str, typer.Option(help="The account's id, acct_...")],
    permission: Annotated[Permission, typer.Option(parser=permission_named, metavar="PERMISSION")],
    subject: Annotated[
        str, typer.Option(help="A person's e-mail address, or the id of an API key or narrowed token.")
    ],
    at: Annotated[
        datetime.datetime | None,
        typer.Option(parser=moment_named, metavar="MOMENT", help="Of the past: 2026-03-03T12:00:00Z."),
    ] = None,
) -> None:
    """Say why somebody may, or may not, do something in an account, or could, as the database's owner."""
    settings = read_settings()
    question = OperatorQuestion(account, permission, subject, at)
    with open_database(settings) as addresses, database_failures():
        answer = asyncio.run(explain_to_operator(addresses.owner, question))
    typer.echo(decision_text(answer))
    print_table(steps_table(answer))
    if answer.explanation.nearest_misses:
        print_table(misses_table(answer))
    if answer.granters is not None:
        typer.echo(granters_text(answer.granters))
