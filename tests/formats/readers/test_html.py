from __future__ import annotations

import sys
from pathlib import Path

import pytest

from atk_interp.formats.nesting import is_too_deep
from atk_interp.formats.readers import Document, Problem, read_file
from atk_interp.formats.readers.page import readable


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One <b>bold</b> word.<p>Two\n  lines", "One bold word.\n\nTwo lines"),
        ("<h1>Head\n line</h1>text", "# Head line\n\ntext"),
        ("<h3>Three</h3>", "### Three"),
        ("a&amp;b &lt;c&gt; &#x20AC; &eacute; &mdash;", "a&b <c> € é —"),
        ("one<br>two<br/><br>three", "one\ntwo\n\nthree"),
        ("<ul><li>a<li>b</ul>after", "- a\n- b\n\nafter"),
        ("<ol><li><p>a</p><p>more</p><li>b<ul><li>c</ul></ol>", "- a\n  more\n- b\n  - c"),
        ("<table><tr><th>A<th>B<tr><td>1<td>two\nwords</table>", "A | B\n1 | two words"),
        ("<table><tr><td>1<td><td>3</table>", "1 |  | 3"),
        (
            "<table><tr><td><h2>Lay</h2>out<table><tr><td>q<td>r</table><td>side</table>",
            "## Lay\n\nout\n\nq | r\n\nside",
        ),
        ("<pre>\n def f():\n     pass\n</pre>", " def f():\n     pass"),
        ("<script>x</script><style>y</style><nav>z</nav><template>t</template>text<noscript>n</noscript>", "text"),
        ("<title>Title</title><body>text<!-- comment -->", "text"),
        ("<p hidden>no<p HIDDEN=''>no<div hidden=hidden><p>no</p></div>text", "text"),
        ("a<p style='display:none'>no<p style='color: red; DISPLAY : none !important'>no<p>b", "a\n\nb"),
        ("a <span style='visibility:hidden'>no</span>b<ul><li style='display:none'>no<li>c</ul>", "a b\n\n- c"),
        (
            "<p hidden=until-found>a<p aria-hidden=true>b<p style='display:block'>c<p style='--no-display:nonesuch'>d",
            "a\n\nb\n\nc\n\nd",
        ),
        ("<div>a<div>b</div>c</div>", "a\n\nb\n\nc"),
        ("<p>never closed <b>bold <i>both</p><p>next", "never closed bold both\n\nnext"),
        ("", ""),
        ("just text", "just text"),
    ],
)
def test_a_page_becomes_what_its_reader_sees(markup: str, text: str) -> None:
    assert readable(markup) == text


def test_a_page_may_nest_deeply() -> None:
    assert readable("<div>" * 1_500 + "deep" + "</div>" * 1_500) == "deep"


MANY = 300_000


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * MANY,
        "<DIV\n class='a>b'>" * MANY,
        "<ul><li>" * MANY,
        "<table><tr><td>" * MANY,
        "<div></b>" * MANY,
        "<div><!--</div>-->" * MANY,
        "<!--><div><! </div>" * MANY,
        "<div title='</div>'>" * MANY,
        '<b ="><div><b y=">' * MANY,
        "<span><div></span>" * MANY,
        "<div><style></div></style>" * MANY,
        "<svg><style><div>" * MANY,
        "".join(f"<p><font color={number}>x" for number in range(10_000)),
        "".join(f"<font color={number}>" for number in range(100)) + "<p>x" * MANY,
    ],
    ids=lambda markup: markup[:24],
)
def test_a_page_that_no_parser_gets_through_is_told(tmp_path: Path, markup: str) -> None:
    path = tmp_path / "a.html"
    path.write_text(markup)
    assert list(read_file(path, tmp_path)) == [Problem("a.html", "", "the page is nested too deeply; skipped")]


@pytest.mark.parametrize(
    "part",
    [
        "<p>One <b>bold</b> word",
        "<li>item",
        "<tr><td>cell",
        "<dt>a<dd>b",
        "<img src=a><br/><hr>",
        "<a name=x>anchor",
        "<div><span>never closed</div>",
        "<b><p>crossed</b></p>",
        "<!-- <div> -->",
        "<script>'<div>'</script>",
        "<svg><style>a</style><path d='M0'/></svg>",
        "a < b and c > d <3",
        "<h2>heading",
    ],
)
def test_a_long_page_is_not_taken_for_a_deep_one(part: str) -> None:
    assert not is_too_deep(f"<body><table>{part * 5_000}</table>")


@pytest.mark.parametrize("part", ["<", "<a ", "<a =", '<a b="', "<!--", "</", "<script>", "<div title='\"", "<a b= '"])
def test_the_depth_of_broken_markup_is_found_in_one_pass(part: str) -> None:
    assert not is_too_deep(part * MANY)


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="windows-1251">', "cp1251"),
        ("<META http-equiv=Content-Type content='text/html; CHARSET=shift_jis'>", "shift_jis"),
        ('<?xml version="1.0" encoding="koi8-r"?><html>', "koi8-r"),
    ],
)
def test_the_encoding_that_a_page_declares_is_used(tmp_path: Path, head: str, encoding: str) -> None:
    text = "日本語" if encoding == "shift_jis" else "привет"
    path = tmp_path / "a.html"
    path.write_bytes(f"{head}<p>{text}".encode(encoding))
    assert list(read_file(path, tmp_path)) == [Document("a.html", {"text": text})]


def test_latin1_means_what_browsers_take_it_for(tmp_path: Path) -> None:
    path = tmp_path / "a.htm"
    path.write_bytes(b"<meta charset=iso-8859-1>10 \x80")
    assert list(read_file(path, tmp_path)) == [Document("a.htm", {"text": "10 €"})]


def test_a_wrong_declaration_does_not_spoil_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_bytes("<meta charset=ascii>é \u0141\u0081".encode())
    found = [one for one in read_file(path, tmp_path) if isinstance(one, Document)]
    assert found[0].fields["text"] == "é \u0141\u0081"


def test_a_page_without_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<html><body><script>app()</script></body></html>")
    assert list(read_file(path, tmp_path)) == [Problem("a.html", "", "the file is empty; skipped")]


def test_a_missing_library_is_told_with_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "selectolax.lexbor", None)
    path = tmp_path / "a.html"
    path.write_text("<p>text")
    message = "`.html` files need selectolax, which is not installed; skipped"
    help = "`pip install 'atk-interp[documents]'`"
    assert list(read_file(path, tmp_path)) == [Problem("a.html", "", message, help)]
