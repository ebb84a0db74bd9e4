"""Pictures that can be touched: hovered over, or moved with sliders.

Evaluated at the end of a cell, each is a PNG with alternative text, so that a stored notebook is
small and reads the same everywhere. `network_anatomy` adds Plotly's JSON, which JupyterLab prefers
and can hover over without a kernel. An `Explorer` adds the name and the values of an ES module
next to this file, for the site's pages; where somebody sits at a notebook, it adds the module
itself, as HTML that needs neither a kernel nor a widget.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from uuid import uuid4

from course_utils.machine import attended
from course_utils.plots.names import COLOURS

from IPython.display import Image

PLOTLY = "application/vnd.plotly.v1+json"
LIVE = "application/vnd.course.live+json"
"""the kind of output that says which module shows what"""
INPUT, RECURRENT, OUTPUT = COLOURS[:3]
HERE = Path(__file__).parent
MODULE_MARKS = r"^import .*;$|^export default .*;$|^export "
# A notebook would take the keys: for its shortcuts, and to move the focus to its cell.
PAGE = """<style>{style}</style>
<div class="live-picture" id="{place}" data-lm-suppress-shortcuts="true">
<img alt="{alt}" src="data:image/png;base64,{still}"></div>
<script type="module">
{code}
const values = {values}, place = document.getElementById("{place}");
place.replaceChildren();
place.addEventListener("keydown", (event) => event.stopPropagation());
render({{ el: place, model: {{ get: (name) => values[name] }} }});
</script>"""


@dataclass(frozen=True)
class Picture:
    """A picture with alternative text, and optionally the same one for Plotly."""

    image: Image
    figure: Mapping[str, Any] | None = None
    """Plotly's `data` and `layout`, where there is something to hover over"""

    def _repr_mimebundle_(self, **_: object) -> tuple[dict, dict]:
        data, metadata = self.image._repr_mimebundle_()
        data["text/plain"] = self.image.metadata["alt"]
        return data | ({PLOTLY: self.figure} if self.figure else {}), metadata


@dataclass(frozen=True)
class Explorer:
    """A picture with alternative text, and what an ES module needs to show it with sliders."""

    image: Image
    module: str
    """the name of an ES module next to this file, without `.js`"""
    values: Mapping[str, Any]
    """what the module shows and begins with, by name"""

    def _repr_mimebundle_(self, **_: object) -> tuple[dict, dict]:
        data, metadata = Picture(self.image)._repr_mimebundle_()
        data[LIVE] = {"module": self.module, "values": self.text()}
        return data | ({"text/html": self.page()} if attended() else {}), metadata

    def page(self) -> str:
        """The still picture, and a script with all that it needs to take the picture's place."""
        files = [(HERE / f"{name}.js").read_text("utf-8") for name in ("picture", self.module)]
        code = re.sub(MODULE_MARKS, "", "\n".join(files), flags=re.M)
        return PAGE.format(
            style=(HERE / "picture.css").read_text("utf-8"),
            place=f"live-{uuid4().hex}",
            alt=escape(self.image.metadata["alt"]),
            still=b64encode(self.image.data).decode(),
            code=code,
            values=self.text(),
        )

    def text(self) -> str:
        """The values as JSON that can stand in a script; stored as text, they take one line."""
        return json.dumps(self.values).replace("</", r"<\/")
