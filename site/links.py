"""Links between files of the course, as links between pages of the site."""

import posixpath
import re
from urllib.parse import unquote, urlsplit

from course.lessons.lesson import left_out

LINK = re.compile(r"(?<!!)\[(?P<text>[^\]\n]+)\]\((?P<target>[^)\s]+)\)")
CODE = re.compile(r"^(`{3,}|~{3,}).*?^\1|(?<!`)(`+)(?!`).*?(?<!`)\2(?!`)", re.M | re.S)
PAGES = {"README.md": "setup.md", "data/README.md": "data.md"}
"""files of the course whose pages have a different name"""


def relink(text: str, file: str, page: str, address: str | None = None) -> str:
    """Turn a text's links to files of the course into links to pages of the site.

    Args:
        text: Markdown.
        file: the file of the course that holds the text, such as `site/index.md`.
        page: the page of the site that will show it, such as `index.md`.
        address: of the repository. A link to a file that is not a page leads there; without an
            address, its words stay and the link goes.

    Returns:
        the text with its links changed; code stays as it is.
    """
    code = [match.span() for match in CODE.finditer(text)]

    def change(match: re.Match) -> str:
        target = urlsplit(match["target"])
        in_code = any(start <= match.start() < end for start, end in code)
        if in_code or target.scheme or not target.path:
            return match.group()
        path = posixpath.normpath(posixpath.join(posixpath.dirname(file), unquote(target.path)))
        found = page_of(path)
        if found is None:
            return f"[{match['text']}]({address}/blob/main/{path})" if address else match["text"]
        link = posixpath.relpath(found, posixpath.dirname(page) or ".")
        return f"[{match['text']}]({link}{'#' * bool(target.fragment)}{target.fragment})"

    return LINK.sub(change, text)


def page_of(path: str) -> str | None:
    """The page that a file of the course becomes, if it becomes one."""
    if path in PAGES:
        return PAGES[path]
    if lesson := re.fullmatch(r"notebooks/(\w+\.ipynb)", path):
        return None if lesson[1] in left_out() else path
    return path.removeprefix("site/") if re.fullmatch(r"site/\w+\.md", path) else None
