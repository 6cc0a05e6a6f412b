"""The peer that is compiled to machine code: in Go, with libraries that Debian has.

It takes the schema and the statements of the peers on Node, so that these stand in one place.
"""

import os
import shutil
import subprocess
from pathlib import Path

from benchmarks.machine import CannotMeasure, program
from benchmarks.servers import PEERS, Server

_SOURCES = PEERS / "compiled"
_LIBRARIES = Path("/usr/share/gocode")
_NEEDED = ("graph-gophers/graphql-go", "jackc/pgx/v4")
_PACKAGES = "golang-go golang-github-graph-gophers-graphql-go-dev golang-github-jackc-pgx-v4-dev"
_MISSING = f"The peer that is compiled, graphql-go, is not measured: it needs Debian's packages {_PACKAGES}."


def build(folder: Path) -> Server | str:
    """The server, built into the folder, or a sentence that says what is missing. Raises CannotMeasure where
    it cannot be built with everything there."""
    libraries = (_LIBRARIES / "src" / "github.com" / name for name in _NEEDED)
    if shutil.which("go") is None or not all(library.is_dir() for library in libraries):
        return _MISSING
    binary, shared = folder / "graphql-go", folder / "shared.json"
    shared.write_text(_output([program("node"), str(PEERS / "shared.mjs")]), encoding="utf-8")
    _output([program("go"), "build", "-o", str(binary), "."])
    return Server("graphql-go", (str(binary), str(shared)))


def _output(command: list[str]) -> str:
    done = subprocess.run(
        command,
        cwd=_SOURCES,
        env={**os.environ, "GO111MODULE": "off", "GOPATH": str(_LIBRARIES), "GOFLAGS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotMeasure(f"{' '.join(command)} failed:\n{done.stderr[-4000:]}")
    return done.stdout
