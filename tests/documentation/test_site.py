"""The site is built of the pages, and of what the product says of itself."""

import re
import subprocess
import sys
from pathlib import Path

from graphql import build_schema

from authz.policy.permissions import Permission
from docs.generator.api_reference import reference_pages
from docs.generator.permission_matrix import permission_page
from tests.documentation.pages import CHECKOUT, rows_of


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """MkDocs finds links that lead nowhere, and pages that no menu has."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    built = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert "GraphiQL" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "reference" / "mutations.html").exists()


def test_the_reference_has_every_type_and_every_root_field() -> None:
    schema = build_schema((CHECKOUT / "schema.graphql").read_text(encoding="utf-8"))
    pages = reference_pages(schema)
    headings = {name: re.findall(r"^## (\w+)$", text, re.MULTILINE) for name, text in pages.items()}
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    assert set(headings.pop("queries")) == set(schema.query_type.fields)
    assert set(headings.pop("mutations")) == set(schema.mutation_type.fields)
    types = {name for name in schema.type_map if not name.startswith("__")} - {"Query", "Mutation"}
    assert {name for names in headings.values() for name in names} == types


def test_the_matrix_is_casbins() -> None:
    rows = {row[0]: row[1:] for row in rows_of(permission_page())}
    assert set(rows) == {permission.name for permission in Permission}
    assert rows["ACCOUNT_SUSPEND"] == ["ai", "ai", "", "", "", ""]
    assert rows["CREDIT_READ"] == ["mai", "mai", "", "mi", "", ""]
