"""The page as text; tests/test_browser.py opens it."""

import json

import pytest

from pipeline.steps.report import report

NASTY = '</script><img src=x onerror="alert(1)">'


def content_of(html: str) -> dict:
    start = '<script type="application/json" id="content">'
    return json.loads(html.partition(start)[2].partition("</script>")[0])


def test_what_goes_in_comes_out():
    whole = {"ensemble": NASTY, "queries": [{"q": "é\u2028.jpg", "n": 3}]}
    html = report.render(whole)
    assert content_of(html) == whole
    assert NASTY not in html and "\u2028" not in html


def test_the_page_needs_nobody_else():
    html = report.render({})
    assert "{{" not in html and "}}" not in html
    assert "default-src 'none'" in html
    assert not any(word in html for word in ('src="http', 'href="http', "@import", "url("))


def test_a_number_that_json_lacks_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        report.render({"map5": float("nan")})


def test_figures_stand_as_they_are():
    assert "<figure>curve</figure>" in report.render({}, "<figure>curve</figure>")
