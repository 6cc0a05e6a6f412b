"""The files of npm packages that GraphiQL's page loads, and the place they are loaded from."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

PUBLIC_NETWORK = "https://cdn.jsdelivr.net/npm/"


class Kind(Enum):
    """What a file is; the value is its media type."""

    SCRIPT = "text/javascript; charset=utf-8"
    STYLE = "text/css; charset=utf-8"


@dataclass(frozen=True)
class LibraryFile:
    """One file of one exact version of an npm package.

    `integrity` is the subresource integrity hash of the file as npm delivers it, which a public network
    delivers unchanged: `openssl dgst -sha384 -binary FILE | base64` in `node_modules` after `npm ci`.
    A test holds the hashes and versions to `package-lock.json` and the installed files.
    """

    package: str
    version: str
    path: str
    kind: Kind
    integrity: str

    @property
    def location(self) -> str:
        """The path under a public network's address, and under `/assets/` as well."""
        return f"{self.package}@{self.version}/{self.path}"

    def installed_in(self, folder: Path) -> Path:
        """Where `npm ci` puts the file."""
        return folder / self.package / self.path


# In the order in which the page loads them.
LIBRARY_FILES = (
    LibraryFile(
        package="graphiql",
        version="3.9.0",
        path="graphiql.min.css",
        kind=Kind.STYLE,
        integrity="sha384-QMux00XgRtwRLSYIY3kw2rj1ovk5AuuliAchk+HSQbqdbGFnz9GYuqIlOqxhwCE2",
    ),
    LibraryFile(
        package="@graphiql/plugin-explorer",
        version="3.2.6",
        path="dist/style.css",
        kind=Kind.STYLE,
        integrity="sha384-YN9MumWidbWKuNj8VfH5ggrFvm9YqAoIOMnKYpeGL3dr7Eg1qnQ+SAqSthdNZCjz",
    ),
    LibraryFile(
        package="react",
        version="18.3.1",
        path="umd/react.production.min.js",
        kind=Kind.SCRIPT,
        integrity="sha384-DGyLxAyjq0f9SPpVevD6IgztCFlnMF6oW/XQGmfe+IsZ8TqEiDrcHkMLKI6fiB/Z",
    ),
    LibraryFile(
        package="react-dom",
        version="18.3.1",
        path="umd/react-dom.production.min.js",
        kind=Kind.SCRIPT,
        integrity="sha384-gTGxhz21lVGYNMcdJOyq01Edg0jhn/c22nsx0kyqP0TxaV5WVdsSH1fSDUf5YJj1",
    ),
    LibraryFile(
        package="graphiql",
        version="3.9.0",
        path="graphiql.min.js",
        kind=Kind.SCRIPT,
        integrity="sha384-8NGfVj4CVlqHajlZj+bPJT4thxPMHMJYn7DWK2CvtopLd02E7qsPHazniBYvVjOO",
    ),
    LibraryFile(
        package="@graphiql/plugin-explorer",
        version="3.2.6",
        path="dist/index.umd.js",
        kind=Kind.SCRIPT,
        integrity="sha384-5p6hGdlOTvUy6Wf0GauxCz+xM9YB/YYvcGG+bf9msr2eyd+KVIxgRkepHgUijedJ",
    ),
)


def integrity_of(content: bytes) -> str:
    """The subresource integrity hash of a file's bytes."""
    return "sha384-" + b64encode(hashlib.sha384(content).digest()).decode()


def installed_contents(folder: Path) -> dict[str, bytes] | None:
    """The library files' bytes by location, or None if npm has not installed exactly these files.

    All or nothing: a page with files of two origins would need the wider policy for a part of its files.
    """
    contents = {}
    for file in LIBRARY_FILES:
        path = file.installed_in(folder)
        content = path.read_bytes() if path.is_file() else b""
        if integrity_of(content) != file.integrity:
            return None
        contents[file.location] = content
    return contents
