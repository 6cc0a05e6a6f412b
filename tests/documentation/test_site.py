"""The site is built of the pages, and of what the product says of itself."""

import re
import subprocess
import sys
from pathlib import Path

from graphql import GraphQLSchema, build_schema

from authz.policy.permissions import Permission
from authz.policy.refusals import RefusalCode
from docs.generator.api_reference import reference_pages
from docs.generator.error_codes import MEANINGS, error_page
from docs.generator.limits import DOCUMENTS, limit_page
from docs.generator.permission_matrix import permission_page, uses_of_permissions
from server.failures.errors import ErrorCode
from tests.documentation.pages import CHECKOUT, DOCS, rows_of


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """MkDocs finds links that lead nowhere, and pages that no menu has."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    built = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert "GraphiQL" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "reference" / "mutations.html").exists()


def _schema() -> GraphQLSchema:
    return build_schema((CHECKOUT / "schema.graphql").read_text(encoding="utf-8"))


def test_the_reference_has_every_type_and_every_root_field() -> None:
    schema = _schema()
    pages = reference_pages(schema)
    headings = {name: re.findall(r"^## (\w+)$", text, re.MULTILINE) for name, text in pages.items()}
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    assert set(headings.pop("queries")) == set(schema.query_type.fields)
    assert set(headings.pop("mutations")) == set(schema.mutation_type.fields)
    types = {name for name in schema.type_map if not name.startswith("__")} - {"Query", "Mutation"}
    assert {name for names in headings.values() for name in names} == types


def test_the_matrix_is_casbins() -> None:
    matrix, _, rest = permission_page(_schema()).partition("## What needs them")
    uses, _, fields = rest.partition("## Fields and mutations by role")
    rows = {row[0]: row[1:] for row in rows_of(matrix)}
    assert set(rows) == {permission.name for permission in Permission}
    assert rows["ACCOUNT_SUSPEND"] == ["ai", "ai", "", "", "", ""]
    assert rows["CREDIT_READ"] == ["mai", "mai", "", "mi", "", ""]
    needed = {row[0]: row[1] for row in rows_of(uses)}
    assert set(needed) == set(rows)
    assert "`memberInvite`" in needed["MEMBERS_WRITE"]
    assert "`Account.credit`" in needed["CREDIT_READ"]
    by_role = {row[0].strip("`"): row[1:] for row in rows_of(fields)}
    assert by_role["Account.credit"] == rows["CREDIT_READ"]
    assert by_role["accountSuspend"] == rows["ACCOUNT_SUSPEND"]


def test_every_mark_of_the_schema_is_in_the_page_of_permissions() -> None:
    """Counted in the text of the snapshot, which the page is made of."""
    sdl = (CHECKOUT / "schema.graphql").read_text(encoding="utf-8")
    marks = re.findall(r'@requires(?:Any)?\(permissions?: (\[[^\]]*\]|"\w+")\)', sdl)
    interfaces = re.findall(r"^interface .*@requires.*$", sdl, re.MULTILINE)
    assert interfaces == []
    uses = uses_of_permissions(_schema())
    assert sum(len(places) for places in uses.values()) == sum(mark.count('"') // 2 for mark in marks) > 200


def test_the_codes_of_errors_are_all_there() -> None:
    found = [row[0].strip("`") for row in rows_of(error_page(_schema()))]
    codes = [code.name for code in RefusalCode] + [code.value for code in ErrorCode]
    assert sorted(found) == sorted(codes)
    assert set(MEANINGS) == set(ErrorCode)
    rows = {row[0].strip("`"): row[1:] for row in rows_of(error_page(_schema()))}
    assert rows["DOCUMENT_NOT_TRUSTED"][1] == "403"
    assert rows["RATE_LIMITED"][1] == "429"
    assert all(meaning.endswith(".") for meaning, _ in rows.values())


def test_the_limits_are_the_programs_and_the_guides() -> None:
    """Each number of a document's limits stands in the guide, too, which says what counts."""
    page, guide = limit_page(), (DOCS / "guide" / "limits.md").read_text(encoding="utf-8")
    documents = guide.partition("## Documents")[2].partition("\n## ")[0]
    assert "| 5,000 | tokens | `COST_EXCEEDED` |" in page
    for limit in DOCUMENTS:
        assert re.search(rf"(?<![\d,]){limit.most:,}(?![\d,]*\d)", documents), limit
