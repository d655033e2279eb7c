"""Whether the links of the site lead somewhere: to files and anchors of its pages, or elsewhere.

python scripts/site_links.py build/docs             # within the site, as scripts/docs does
python scripts/site_links.py --elsewhere FILE       # what sphinx's linkcheck found, output.json

Exit status: 0 none is broken, 1 some are. A page elsewhere that cannot be reached from here, or
that refuses to answer programs, is told of and is no failure; one that is gone (404, 410) is.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

GONE = re.compile(r"(404|410) |Anchor ")
FINE = {"working", "redirected", "unchecked", "ignored", "local"}


class Page(HTMLParser):
    """What a page has and what it refers to.

    Attributes
    ----------
    anchors
        Ids of elements.
    links, loaded
        What ``a`` leads to, and what the browser loads.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element with an id, a link, or something that the browser loads."""
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found["id"]} if "id" in found else set()
        if tag == "a" and "href" in found:
            self.links.add(found["href"])
        elif tag in ("script", "img", "link", "iframe"):
            self.loaded |= {found[name] for name in ("src", "href") if name in found}


def pages(site: Path) -> dict[Path, Page]:
    """All pages of a site, by their paths."""
    return {path.resolve(): Page(path) for path in site.rglob("*.html")}


def broken(found: Mapping[Path, Page]) -> list[str]:
    """Links within the site that lead to no file, or to no anchor of it, as "page: link"."""
    told = []
    for path, page in found.items():
        for link in sorted(page.links | page.loaded):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = goal in found or goal.is_file()
            anchored = goal in found and parts.fragment and path.name != "search.html"
            if not there or (anchored and unquote(parts.fragment) not in found[goal].anchors):
                told.append(f"{path.name}: {link}")
    return told


def elsewhere(output: Path) -> tuple[int, list[str], list[str]]:
    """How many links were looked at, those that are gone, and those that were not reached.

    ``output`` is the output.json of linkcheck, with a link in each line.
    """
    lines = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    outside = [line for line in lines if urlsplit(line["uri"]).scheme in ("http", "https")]
    bad = [line for line in outside if line["status"] not in FINE]
    told = {f"{line['filename']}: {line['uri']}": GONE.match(line["info"]) for line in bad}
    gone = [text for text, match in told.items() if match]
    return len(outside), gone, [text for text, match in told.items() if not match]


def main(argv: Sequence[str] | None = None) -> int:
    """Say what is broken; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("site", type=Path, help="the directory of the site, or of linkcheck's file")
    parser.add_argument("--elsewhere", action="store_true", help="read what linkcheck has found")
    wanted = parser.parse_args(argv)
    if wanted.elsewhere:
        count, wrong, unreached = elsewhere(wanted.site)
        if unreached:
            print(f"{len(unreached)} of {count} links elsewhere were not reached from here:")
            print("\n".join(f"  {text}" for text in unreached))
    else:
        found = pages(wanted.site)
        count, wrong = sum(len(page.links | page.loaded) for page in found.values()), broken(found)
    for text in wrong:
        print(f"broken link: {text}", file=sys.stderr)
    print(f"{count} links, {len(wrong)} broken")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
