"""Markdown comes out as harmless HTML."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.markdown import render, render_inline

DANGEROUS = st.sampled_from(
    [
        *(
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[a](javascript:alert(1))",
            "</p><svg onload=a>",
        ),
        *("[a](JaVaScRiPt:x)", "![a](//evil.example/x.png)", "![a](https://evil.example/x)", "<a href='javascript:x'>"),
        *(
            "[a](data:text/html;base64,x)",
            "![a](data:image/png;base64,x)",
            '<p style="x">',
            "<iframe src=//e>",
            "`",
            "|",
        ),
        *(
            "[a]: javascript:x",
            "[a]",
            "&#106;avascript:",
            "[x](&#x6A;avascript:x)",
            "<!--",
            "\\",
            '"',
            "\n",
            "- ",
            "# ",
        ),
    ]
)


class Seen(HTMLParser):
    """Every element and attribute a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


@given(st.lists(DANGEROUS | st.text(max_size=20), max_size=12).map("".join))
def test_no_script_no_handler_no_style_no_outside_image_ever_comes_out(text):
    for tag, attributes in Seen(render(text)).tags + Seen(render_inline(text)).tags:
        assert tag not in {"script", "style", "iframe", "svg", "object", "embed", "form", "link", "meta", "base"}
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        for name in ("href", "src"):
            value = (attributes.get(name) or "").strip().lower()
            assert not value.startswith(("javascript:", "data:", "vbscript:"))
        if tag == "img" and "src" in attributes:
            assert attributes["src"].startswith("/")
            assert not attributes["src"].startswith(("//", "/\\"))
        if tag == "a" and "href" in attributes:
            assert set(attributes["rel"].split()) >= {"nofollow", "noopener"}


def test_what_people_write_is_rendered():
    html = render(
        "# Causa\n\n1. **uma** ~~duas~~ `x`\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n[guia](https://a.example/g)"
    )
    for part in ("<h1>Causa</h1>", "<strong>uma</strong>", "<s>duas</s>", "<td>2</td>", 'href="https://a.example/g"'):
        assert part in html


@pytest.mark.parametrize("target", ["mailto:a@b.example", "/p/demo/", "#top"])
def test_mail_and_own_pages_can_be_linked(target):
    assert f'href="{target}"' in render(f"[a]({target})")


def test_html_in_the_text_is_shown_and_not_obeyed():
    assert render("<b>x</b>") == "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"


def test_a_line_of_markdown_stays_a_line():
    html = render_inline("`max_tokens` **fell** *by* ~~half~~, see [p23](/p/demo/)\nthen `<b>`")
    link = '<a href="/p/demo/" rel="nofollow noopener noreferrer">p23</a>'
    expected = f"<code>max_tokens</code> <strong>fell</strong> <em>by</em> <s>half</s>, see {link}<br>"
    assert html.replace("\n", "") == f"{expected}then <code>&lt;b&gt;</code>"


@pytest.mark.parametrize(
    "text", ["# no heading", "- no list", "1. no list", "> no quote", "    no block", "error_rate", "a * b"]
)
def test_what_is_no_mark_of_a_line_is_shown_as_it_is(text):
    assert render_inline(text).replace("&gt;", ">") == text


@given(st.lists(DANGEROUS | st.text(max_size=20), max_size=12).map("".join))
def test_a_line_holds_nothing_that_would_break_it(text):
    assert {tag for tag, _ in Seen(render_inline(text)).tags} <= {"a", "br", "code", "em", "s", "strong"}


def test_a_line_inside_a_link_holds_no_other():
    assert render_inline("see [p23](/p/demo/) `x`", links=False) == "see p23 <code>x</code>"
