"""The GraphQL schema as text."""

import typer

from schema.root import build_schema

GROUP = typer.Typer(name="schema", help="The GraphQL schema.", no_args_is_help=True)


@GROUP.command("print")
def print_schema() -> None:
    """Print the schema in GraphQL's schema language, as in schema.graphql."""
    typer.echo(build_schema().as_str())
