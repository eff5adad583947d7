"""Markdown as HTML of the design system: guides of this package, and legal texts of the agency."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markupsafe import Markup, escape


def markdown(text: str, title: str) -> Markup:
    """Markdown as HTML; HTML within it is text, and addresses that a browser would run are left out.

    Args:
        text: CommonMark with tables.
        title: what wide tables are called for those who do not see them.
    """
    page = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    page = page.replace("<pre>", '<pre class="facade-code" tabindex="0">')
    region = f'<div class="facade-scroll" tabindex="0" role="region" aria-label="{escape(title)}">'
    page = page.replace("<table>", f'{region}<table class="usa-table">').replace("</table>", "</table></div>")
    page = page.replace("<ul>", '<ul class="usa-list">').replace("<ol>", '<ol class="usa-list">')
    return Markup(page.replace("<a href", '<a class="usa-link" href'))  # noqa: S704 - the renderer escapes all HTML
