"""Links that lead nowhere are found, within a site and elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import site_links


def test_broken_links_of_a_site_are_told(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    one = '<a href="two.html#here">a</a> <a href="https://example.org/none">b</a> <a href="#top">'
    (tmp_path / "one.html").write_text(f'<p id="top">{one}</a> <img src="picture.png">')
    (tmp_path / "two.html").write_text('<h1 id="here">A</h1>')
    (tmp_path / "picture.png").touch()
    assert site_links.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "4 links, 0 broken\n"
    (tmp_path / "two.html").write_text('<h1 id="there">A</h1> <a href="three.html">c</a>')
    (tmp_path / "picture.png").unlink()
    assert site_links.main([str(tmp_path)]) == 1
    assert sorted(capsys.readouterr().err.splitlines()) == [
        "broken link: one.html: picture.png",
        "broken link: one.html: two.html#here",
        "broken link: two.html: three.html",
    ]


def test_only_what_is_gone_elsewhere_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    def link(uri: str, status: str, info: str = "") -> str:
        return json.dumps({"filename": "a.md", "uri": uri, "status": status, "info": info})

    reached = [
        link("https://a.org", "working"),
        link("b.html", "local"),
        link("http://c", "redirected"),
    ]
    unreached = link("https://d.org", "broken", "HTTPSConnectionPool(host='d.org', port=443): Max")
    refused = link("https://e.org", "broken", "403 Client Error: Forbidden for url")
    path = tmp_path / "output.json"
    path.write_text("\n".join([*reached, unreached, refused, ""]))
    assert site_links.main(["--elsewhere", str(path)]) == 0
    told = capsys.readouterr().out
    assert "2 of 4 links elsewhere were not reached from here:" in told
    assert "a.md: https://d.org" in told
    gone = link("https://f.org/x", "broken", "404 Client Error: Not Found for url")
    path.write_text("\n".join([*reached, gone]))
    assert site_links.main(["--elsewhere", str(path)]) == 1
    assert "broken link: a.md: https://f.org/x" in capsys.readouterr().err
