"""What MkDocs calls while it builds the site."""

import re
from pathlib import Path

from graphql import build_schema
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from docs.generator.api_reference import reference_pages
from docs.generator.error_codes import error_page
from docs.generator.limits import limit_page
from docs.generator.permission_matrix import permission_page

CHECKOUT = Path(__file__).parents[2]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the front page and the reference."""
    schema = build_schema((CHECKOUT / "schema.graphql").read_text(encoding="utf-8"))
    pages = {
        "index.md": front_page((CHECKOUT / "README.md").read_text(encoding="utf-8")),
        "reference/permissions.md": permission_page(schema),
        "reference/errors.md": error_page(schema),
        "reference/limits.md": limit_page(),
        **{f"reference/{name}.md": text for name, text in reference_pages(schema).items()},
    }
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def front_page(readme: str) -> str:
    """README.md as a page of the site: its links into docs/ lead to the site's pages, others are plain."""
    inside = readme.replace("](docs/", "](")
    return re.sub(r"\[(CHANGELOG\.md)\]\([^)]*\)", r"`\1`", inside)
