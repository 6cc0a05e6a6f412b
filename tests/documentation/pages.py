"""The pages of the documentation, cut into blocks, tables and sections."""

import re
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
DOCS = CHECKOUT / "docs"
README = CHECKOUT / "README.md"

_FENCE = re.compile(r"^```(\w+)(.*)\n((?:.*\n)*?)^```$", re.MULTILINE)
_TITLE = re.compile(r'title="([^"]*)"')


@dataclass(frozen=True)
class Block:
    """A fenced block. `title`: what stands above it on the site, such as who asks; `line`: its first line."""

    language: str
    title: str
    text: str
    line: int


@dataclass(frozen=True)
class Page:
    """A page, as it stands in its file."""

    path: Path
    text: str = field(repr=False)

    @classmethod
    def of(cls, path: Path) -> "Page":
        """Read it."""
        return cls(path, path.read_text(encoding="utf-8"))

    @property
    def name(self) -> str:
        """Its path in the repository."""
        return self.path.relative_to(CHECKOUT).as_posix()

    @property
    def blocks(self) -> list[Block]:
        """All fenced blocks, from top to bottom."""
        return [
            Block(found[1], _title(found[2]), found[3], self.text.count("\n", 0, found.start()) + 1)
            for found in _FENCE.finditer(self.text)
        ]

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)

    def section(self, heading: str) -> str:
        """What stands below a heading, up to the next one of the same rank or a higher one."""
        found = re.search(rf"^(#+) {re.escape(heading)}\n", self.text, re.MULTILINE)
        assert found is not None, f"{self.name} has no heading {heading!r}"
        rest = self.text[found.end() :]
        return re.split(rf"^#{{1,{len(found[1])}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]

    def table(self, heading: str) -> list[list[str]]:
        """The rows of the tables below a heading, without their heads."""
        return rows_of(self.section(heading))


def rows_of(text: str) -> list[list[str]]:
    """The rows of all Markdown tables in the text, without their heads."""
    rows: list[list[str]] = []
    lines = text.splitlines()
    for index, line in enumerate(lines):
        is_head = index + 1 < len(lines) and lines[index + 1].startswith("|---")
        if line.startswith("|") and not line.startswith("|---") and not is_head:
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def _title(attributes: str) -> str:
    found = _TITLE.search(attributes)
    return found[1] if found else ""


def all_pages() -> list[Page]:
    """README.md and everything below docs/ that is written by hand."""
    return [Page.of(README), *(Page.of(path) for path in sorted(DOCS.rglob("*.md")))]


def manual() -> list[Page]:
    """The pages that teach: without the single decisions and the benchmarks' results."""
    return [page for page in all_pages() if not re.match(r"docs/(decisions/\d|benchmarks/)", page.name)]
