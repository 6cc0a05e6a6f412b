"""HTML for mail programs, and HTML that a page may show."""

import css_inline
import nh3

# Nothing is loaded: neither from the network nor from files. What no element can have of its own stays in the
# style sheet: `:hover`, `@media`, and rules for elements that a mail program itself adds.
_INLINER = css_inline.CSSInliner(
    load_remote_stylesheets=False, keep_style_tags=True, keep_at_rules=True, remove_inlined_selectors=True
)

_LAYOUT = {"align", "valign", "bgcolor", "width", "height", "border", "cellpadding", "cellspacing"}
_STYLES = frozenset(
    {
        *("color", "background-color", "opacity", "direction", "list-style-type"),
        *("font", "font-family", "font-size", "font-style", "font-weight", "line-height", "letter-spacing"),
        *("text-align", "text-decoration", "text-indent", "text-transform", "vertical-align", "white-space"),
        *("width", "height", "min-width", "max-width", "min-height", "max-height", "display", "float"),
        *("margin", "margin-top", "margin-right", "margin-bottom", "margin-left"),
        *("padding", "padding-top", "padding-right", "padding-bottom", "padding-left"),
        *("border", "border-top", "border-right", "border-bottom", "border-left", "border-color"),
        *("border-style", "border-width", "border-radius", "border-collapse", "border-spacing"),
    }
)
"""Nothing that lays text over the page around it, or that loads anything."""

_CLEANER = nh3.Cleaner(
    tags=nh3.ALLOWED_TAGS | {"font", "section", "big"},
    clean_content_tags={"script", "style", "title"},
    attributes={**nh3.ALLOWED_ATTRIBUTES, "*": _LAYOUT | {"style", "dir", "lang", "title", "color", "face"}},
    url_schemes={"http", "https", "mailto", "tel", "sms", "cid"},
    url_relative="deny",
    filter_style_properties=_STYLES,
    link_rel="noopener noreferrer nofollow",
)


def for_mail(html: str) -> str:
    """The HTML with its style sheets written into the elements, because many mail programs read no others.
    Without a style sheet it stays as it is."""
    return _INLINER.inline(html) if "<style" in html.lower() else html


def for_display(html: str) -> str:
    """The HTML without anything that acts in a page: no scripts, forms, frames or style sheets."""
    return _CLEANER.clean(html)
