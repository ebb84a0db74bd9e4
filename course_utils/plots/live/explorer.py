"""Pictures that can be touched: hovered over, or moved with sliders.

Evaluated at the end of a cell, each is a PNG with alternative text, so that a stored notebook is
small and reads the same everywhere; `network_anatomy` adds Plotly's JSON, which JupyterLab
prefers and can hover over without a kernel. Sliders that act together need a kernel and thus
ipywidgets, whose state must not be stored: only `.live()` shows them, and only where a Jupyter
front-end started the kernel; elsewhere it gives the same PNG.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from course_utils.plots.names import COLOURS

from IPython.display import Image, display

PLOTLY = "application/vnd.plotly.v1+json"
INPUT, RECURRENT, OUTPUT = COLOURS[:3]


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
    """A picture drawn from a few values; `live` gives each of them a slider."""

    draw: Callable[..., Image]
    """draws the picture, called with a keyword for each slider"""
    sliders: Mapping[str, tuple[float, float]]
    """lowest and highest value by name; whole numbers move by 1, others by 0.05"""
    start: Mapping[str, float]
    """the values to begin with, by name"""

    def _repr_mimebundle_(self, **_: object) -> tuple[dict, dict]:
        return Picture(self.draw(**self.start))._repr_mimebundle_()

    def live(self) -> None:
        """Show the picture with sliders in JupyterLab, and the picture alone elsewhere.

        Front-ends name the session when they start a kernel; tools that only run a notebook
        from top to bottom do not, and so never meet a widget. The picture is an ordinary output
        below the sliders: a learner saves the picture as it was last seen.
        """
        if "JPY_SESSION_NAME" not in os.environ:
            display(self)
            return
        from ipywidgets import FloatSlider, IntSlider, VBox

        sliders = {}
        for name, (low, high) in self.sliders.items():
            kind, step = (IntSlider, 1) if isinstance(low, int) else (FloatSlider, 0.05)
            label = name.replace("_", " ")
            sliders[name] = kind(self.start[name], min=low, max=high, step=step, description=label)
        display(VBox(list(sliders.values())))
        handle = display(self, display_id=True)

        def redraw(_: object) -> None:
            values = {name: slider.value for name, slider in sliders.items()}
            handle.update(Picture(self.draw(**values)))

        for slider in sliders.values():
            slider.observe(redraw, "value")
