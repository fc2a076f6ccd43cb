"""Markdown written by people to HTML that a page with a strict policy can show."""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_SCHEMES = {"http", "https", "mailto"}
_TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "s"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a", "img"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}


_INLINE = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["strikethrough"]).disable(["image"])
_INLINE_TAGS = {"a", "br", "code", "em", "s", "strong"}


def _own_images_only(tag: str, attribute: str, value: str) -> str | None:
    """An image of another host would be blocked by the policy and would tell that host who reads what."""
    outside = not value.startswith("/") or value[1:2] in {"/", "\\"}
    return None if tag == "img" and attribute == "src" and outside else value


def render(text: str) -> SafeString:
    """CommonMark with tables and strikethrough; HTML in the text is shown as text, styles and outside images are dropped."""
    html = nh3.clean(
        _MARKDOWN.render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_own_images_only,
        link_rel="nofollow noopener noreferrer",
        url_schemes=_SCHEMES,
    )
    return mark_safe(html)  # noqa: S308 - sanitised on the line above


def render_inline(text: str, *, links: bool = True) -> SafeString:
    """What fits into a line: emphasis, `code`, links; a line break stays one. No paragraphs, headings, lists or images.

    Without `links` where the line itself is one: their text stays.
    """
    html = nh3.clean(
        _INLINE.renderInline(text),
        tags=_INLINE_TAGS if links else _INLINE_TAGS - {"a"},
        attributes={"a": {"href", "title"}} if links else {},
        link_rel="nofollow noopener noreferrer",
        url_schemes=_SCHEMES,
    )
    return mark_safe(html)  # noqa: S308 - sanitised on the line above
