"""Sphinx's settings for the site; `build.py` lays out the pages and calls Sphinx."""

import re
import sys
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType, GenericAlias
from typing import NewType

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from course.copies import colab

import numpy.typing
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

# Signatures should say ArrayLike, not what NumPy's alias stands for.
numpy.typing.ArrayLike = NewType("ArrayLike", object)
numpy.typing.NDArray = type(
    "NDArray", (), {"__class_getitem__": classmethod(GenericAlias), "__module__": "numpy.typing"}
)


def file_of(package: str, path: str) -> str:
    """A file that an installed package contains."""
    return str(Path(find_spec(package).origin).parent / path)


project = "Recurrent neural networks, honestly"
author = "the course's authors"
copyright = "the course's authors, MIT licence"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
]

nb_execution_mode = "off"
nb_render_markdown_format = "gfm"
myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "dollarmath"]
myst_heading_anchors = 3

html_theme = "sphinx_book_theme"
html_title = project
html_favicon = html_logo = "_static/logo.svg"
html_css_files = ["site.css", "picture.css"]
html_js_files = ["plotly-figures.js", "names.js", "reading.js", ("live.js", {"type": "module"})]
html_show_sphinx = False
html_use_index = html_domain_indices = False  # the search finds more
html_context = {"default_mode": "auto"}
# All scripts and fonts come with the site: nothing is fetched from anywhere else.
html_static_path = [
    "_static",
    *map(str, sorted((HERE.parent / "course_utils" / "plots" / "live").glob("*.[jc]s*"))),
    file_of("mathjax", "static/mathjax/es5/tex-svg.js"),
    file_of("plotly", "package_data/plotly.min.js"),
]
mathjax_path = "tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}}

html_theme_options = {
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "logo": {"text": project, "alt_text": ""},
    "extra_footer": "Nothing here is investment advice.",
}
if address := colab.repository():
    html_theme_options |= {
        "repository_url": address,
        "repository_branch": "main",
        "use_repository_button": True,
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
            "notebook_interface": "jupyterlab",
        },
    }

autodoc_mock_imports = ["keras", "tensorflow"]  # seconds each, and no docstring needs them
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
napoleon_numpy_docstring = False


class OnlyMocked:
    """Refuses the modules that are mocked: Sphinx would load them to read their classes' source."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        """Called by every import that autodoc's own finder has not answered."""
        if name.partition(".")[0] in autodoc_mock_imports:
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, OnlyMocked)


def code_marks(*event: object) -> None:
    """Docstrings set code in single backticks; reStructuredText needs two, and no space inside."""
    lines: list[str] = event[-1]
    lines[:] = [re.sub(r"(?<![`:])` *([^`\n]+?) *`(?!`)", r"``\1``", line) for line in lines]


def imported(app: Sphinx, what: str, name: str, member: object, *_: object) -> bool | None:
    """Skip what a module imports before autodoc reads it, and all of Matplotlib with it."""
    defined = what == "module" and isinstance(member, type | FunctionType)
    return True if defined and not member.__module__.startswith("course") else None


def open_copies_in_colab(
    app: Sphinx, page: str, template: str, context: dict, tree: object
) -> None:
    """Colab opens the copies that bring the course; they are on a branch of their own."""
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button["text"] == "Colab":
                button["url"] = button["url"].replace("/blob/main/notebooks/", "/blob/colab/")


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.add_lexer("csv", TextLexer)  # Pygments has no lexer of that name
    # Before napoleon, which would take a colon within single backticks for the end of a type.
    app.connect("autodoc-process-docstring", code_marks, priority=1)
    app.connect("autodoc-skip-member", imported)
    app.connect("html-page-context", open_copies_in_colab, priority=502)  # after the theme's 501
