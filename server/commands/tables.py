"""Tables on a terminal."""

from rich import box
from rich.console import Console
from rich.table import Table

_WIDEST = 10_000


def new_table(*headers: str) -> Table:
    """An empty table with these columns."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        table.add_column(header, no_wrap=True)
    return table


def printable(text: str) -> str:
    """The text without characters that control a terminal. Strangers wrote it."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def print_table(table: Table) -> None:
    """Print the table in its full width: a link that is cut or folded cannot be opened."""
    needed = Console(width=_WIDEST).measure(table).maximum
    console = Console()
    console.width = max(console.width, needed)
    console.print(table)
