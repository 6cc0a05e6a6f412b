"""No folder is a drawer."""

from collections import Counter
from pathlib import Path

_ROOT = Path(__file__).parent.parent
_OURS = ("authz", "benchmarks", "engine", "models", "resolvers", "schema", "server", "tests")
_MOST = 25
"""Python files of a folder."""


def test_no_folder_has_too_many_files() -> None:
    found = (path for folder in _OURS for path in (_ROOT / folder).rglob("*.py"))
    files = Counter(path.parent for path in found if "node_modules" not in path.parts)
    assert len(files) > 100
    assert {str(folder.relative_to(_ROOT)): many for folder, many in files.items() if many > _MOST} == {}
