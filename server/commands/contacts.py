"""Imports contacts into a server that runs anywhere, and shows how far it is."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from server.failures.command_failed import CommandFailed

_PATIENCE = 60.0
"""Seconds to wait for an answer."""
_PAUSE = 0.5
"""Seconds between two looks at the job."""
_SHOWN_ERRORS = 20
_JOB = """query ImportJob($id: ID!, $errors: Int!) { job(id: $id) {
  status progress { done total } created updated refused failure
  errors(first: $errors) { nodes { line reason } }
} }"""
_OPEN = {"UPLOADING", "WAITING", "RUNNING"}


_UNSEEN = {"NOT_FOUND", "FORBIDDEN"}
"""The codes with which the server refuses to show a job."""


class Refused(CommandFailed):
    """The server answers that it does not do this."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Server:
    """A server and the token that it is asked with."""

    url: str
    token: str

    def send(self, method: str, path: str, body: Any, content_type: str) -> dict[str, Any]:
        """The JSON that it answers. Raises Refused with what it refuses, CommandFailed where it does not
        answer."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise CommandFailed(f"{self.url} is no address of a server, such as http://localhost:8000.")
        secure = parts.scheme == "https"
        connection = (HTTPSConnection if secure else HTTPConnection)(
            parts.hostname, parts.port, timeout=_PATIENCE
        )
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        try:
            connection.request(method, parts.path.rstrip("/") + path, body, headers)
            answer = json.loads(connection.getresponse().read())
        except (OSError, HTTPException, ValueError) as error:
            raise CommandFailed(
                f"{self.url} does not answer: {str(error) or type(error).__name__}"
            ) from error
        finally:
            connection.close()
        if answer.get("errors"):
            first = answer["errors"][0]
            raise Refused(_told(first), first["extensions"]["code"])
        found: dict[str, Any] = answer
        return found

    def job(self, job_id: str) -> dict[str, Any]:
        """How far the job is. Raises CommandFailed, also where the token may write contacts, but not read
        them."""
        variables = {"id": job_id, "errors": _SHOWN_ERRORS}
        body = json.dumps({"query": _JOB, "variables": variables})
        try:
            found: dict[str, Any] = self.send("POST", "/graphql", body, "application/json")["data"]["job"]
        except Refused as refusal:
            if refusal.code not in _UNSEEN:
                raise
            message = f"The file was taken as job {job_id}; to follow it takes CONTACTS_READ."
            raise CommandFailed(message) from refusal
        return found


def _told(error: Mapping[str, Any]) -> str:
    argument = error["extensions"].get("argument")
    return str(error["message"]) if argument is None else f"{argument}: {error['message']}"


def import_contacts(server: Server, file: Path, query: Mapping[str, str], console: Console) -> dict[str, Any]:
    """Upload the file and wait for its job, with a progress bar. Returns the job at its end. Raises
    CommandFailed."""
    with _progress(console) as progress:
        sent = progress.add_task("sending", total=file.stat().st_size)
        pieces = _pieces(file, progress, sent)
        answer = server.send("POST", f"/contacts?{urlencode(query)}", pieces, "text/csv")
        done = progress.add_task("importing", total=answer["rows"])
        while True:
            job = server.job(answer["id"])
            progress.update(done, completed=job["progress"]["done"])
            if job["status"] not in _OPEN:
                return job
            time.sleep(_PAUSE)


def _pieces(file: Path, progress: Progress, task: TaskID) -> Iterator[bytes]:
    with file.open("rb") as content:
        while piece := content.read(65_536):
            yield piece
            progress.advance(task, len(piece))


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console) as progress:
        yield progress


def summary(job: Mapping[str, Any]) -> Iterator[str]:
    """What became of the file, line by line."""
    yield f"{job['created']} created, {job['updated']} changed, {job['refused']} refused."
    for error in job["errors"]["nodes"]:
        yield f"line {error['line']}: {error['reason']}"
    if job["refused"] > len(job["errors"]["nodes"]):
        yield "More: ask for `job(id:) { errors }`."


def _columns(given: Sequence[str]) -> str | None:
    """The columns' meanings as JSON. Raises CommandFailed."""
    if not given:
        return None
    pairs = [text.rpartition("=") for text in given]
    if any(not separator for _, separator, _ in pairs):
        raise CommandFailed("Write a column as NAME=MEANING, such as E-Mail=email; NAME= leaves it out.")
    return json.dumps({name: meaning or None for name, _, meaning in pairs})


GROUP = typer.Typer(name="contacts", help="Contacts.", no_args_is_help=True)


@GROUP.callback()
def _only_a_group() -> None:
    """Contacts."""


@GROUP.command("import")
def contacts_import(
    file: Annotated[Path, typer.Argument(help="A CSV file.", exists=True, dir_okay=False)],
    account: Annotated[str, typer.Option(help="The account's id, acct_...")],
    token: Annotated[str, typer.Option(envvar="TOKEN", help="A session's token or an API key.")],
    url: Annotated[str, typer.Option(help="Where the server is.")] = "http://localhost:8000",
    column: Annotated[list[str] | None, typer.Option(help="What a column holds: NAME=MEANING.")] = None,
    contact_list: Annotated[list[str] | None, typer.Option("--list", help="A list's id, clst_...")] = None,
    source: Annotated[str | None, typer.Option(help="Where the contacts came from.")] = None,
    phone_country: Annotated[str | None, typer.Option(help="Of phone numbers without +.")] = None,
) -> None:
    """Import a CSV file of contacts, and wait until it is done."""
    query = {
        "accountId": account,
        "columns": _columns(column or ()),
        "lists": ",".join(contact_list) if contact_list else None,
        "source": source,
        "phoneCountry": phone_country,
    }
    named = {name: value for name, value in query.items() if value is not None}
    job = import_contacts(Server(url, token), file, named, Console(stderr=True))
    for line in summary(job):
        typer.echo(line)
    if job["status"] != "DONE":
        raise CommandFailed(job["failure"] or "The import was cancelled.")
