"""Names that some format would take for something else than a name."""

from __future__ import annotations

# HTML, SVG, scripts, templates.
HTML = (
    *("<img src=x onerror=alert(1)>", "</script><script>f()</script>", "<!-- x", "]]>", "&lt;b"),
    *("a'b\"c", "{{x}}", "${x}", "datum.a", "a.b[0]", "&#64;user", "<svg/onload=f()>", "%3Cb%3E"),
)
NAMES = (
    # Paths, options, names of files that nobody may write.
    *("../../x", "/etc/passwd", "..", "a\0b", "--output=x", "-x", "~/.ssh", "C:\\x", "x y" * 60),
    *HTML,
    # Markdown, and what GitHub looks for in texts.
    *("_a_", "__init__", "*b*", "~~c~~", "`d`", "``e` f``", "a|b", "a\\|b", "a\\", "[a](http://b)"),
    *("![a](b)", "[r]: http://b", "[^1]: x", "[x] task", "- item", "+ item", "1. item", "# head"),
    *("> quote", "---", "===", ":-", "    code", "@user", "a@b.com", "#1", "o/r#2", "GH-3"),
    *(":smile:", "http://a.com", "www.a.com", "mailto:a@b.com", "</details>", "c!", "a_ b _c"),
    # Formulas of TeX and of spreadsheets.
    *(r"$\frac{", "$x$", "a$b_{", "=1+1", "+1", "-1+1|cmd", "@sum(A1)", "\t=1", "\r=2", "＝3"),
    # Terminals, lines, directions, what is no text.
    *("\x1b]0;pwn\x07", "\x1b[2Jy", r"\u001b[31m", "p\rq", "a\n- b", "a\r\n\r\nb", "c\u2028d"),
    *("\u202eabc\u202c", "\u200fdef", "g\u2066h", "\udcff", "i\udce9j", "é漢字😀", "עברית"),
)
