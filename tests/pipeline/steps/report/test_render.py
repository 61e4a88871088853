"""The report as text; test_browser.py opens it."""

import json

import pytest

from pipeline.steps.report.render import render

NASTY = '</script><img src=x onerror="alert(1)">'


def content_of(html: str) -> dict:
    start = '<script type="application/json" id="content">'
    return json.loads(html.partition(start)[2].partition("</script>")[0])


def test_the_content_comes_out_as_it_went_in():
    content = {"ensemble": NASTY, "queries": [{"q": "é\u2028.jpg", "n": 3}]}
    html = render(content)
    assert content_of(html) == content
    assert NASTY not in html and "\u2028" not in html


def test_the_report_loads_nothing_else():
    html = render({})
    assert "{{" not in html and "}}" not in html
    assert "default-src 'none'" in html
    assert not any(word in html for word in ('src="http', 'href="http', "@import", "url("))


def test_a_number_that_json_lacks_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        render({"map5": float("nan")})


def test_figures_are_inserted_as_they_are():
    assert "<figure>curve</figure>" in render({}, "<figure>curve</figure>")
