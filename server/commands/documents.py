"""The documents that a server is to run, before it does."""

from pathlib import Path
from typing import Annotated

import typer

from schema.root import build_schema, graphql_schema
from server.graphql.manifest import check_manifest

GROUP = typer.Typer(name="documents", help="Lists of trusted documents.", no_args_is_help=True)


@GROUP.command("check")
def check_documents(
    manifest: Annotated[Path, typer.Argument(help="As MANDANT_DOCUMENTS names it.", show_default=False)],
) -> None:
    """Check that every document of a manifest is valid against the schema. Exit code 1 if one is not."""
    found = check_manifest(manifest, graphql_schema(build_schema()))
    typer.echo(f"Valid documents: {len(found)}.")
