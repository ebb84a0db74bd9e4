"""Executed lessons as web pages, and one page that links to them all."""

import html
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path

from course.copies.audiences import without
from course.lessons.lesson import Lesson
from course.running.execute import Execution
from course_utils.files import write_whole
from course_utils.machine import this_machine

import nbformat
from jinja2 import DictLoader
from nbconvert import HTMLExporter

# nbconvert's page would wait for three scripts from the network before it shows a word. This one
# carries everything but formulas: MathJax is fetched beside the page, and only where there are any.
# And it gives figures the alt text of their output or their cell, which nbconvert's leaves out.
TEMPLATE = r"""
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js_requirejs -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}
{%- if resources.has_formulas -%}
<script type="text/x-mathjax-config">
MathJax.Hub.Config({tex2jax: {inlineMath: [["$", "$"], ["\\(", "\\)"]], processEscapes: true}});
</script>
<script async src="{{ resources.mathjax_url }}"></script>
{%- endif -%}
{%- endblock -%}
{%- block data_png scoped -%}
{%- set alt = (output | get_metadata("alt", "image/png")) or (cell | get_metadata("alt")) -%}
{%- if alt -%}
{{- super() | replace("<img ", '<img alt="' ~ (alt | e) ~ '" ', 1) -}}
{%- else -%}
{{- super() -}}
{%- endif -%}
{%- endblock -%}
"""
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem;
       margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .4rem .8rem; border-bottom: 1px solid #ccc;
         vertical-align: top }
.number { text-align: right; white-space: nowrap } .failed { color: #a00 }
"""


def write_lesson(lesson: Lesson, execution: Execution, output: Path) -> None:
    """Write a lesson's executed copy and its page, images embedded, without instructors' notes."""
    write_whole(output / lesson.path.name, nbformat.writes(execution.notebook))
    exporter = HTMLExporter(
        extra_loaders=[DictLoader({"course.html.j2": TEMPLATE})],
        template_file="course.html.j2",
        embed_images=True,
    )
    formulas = any("$" in cell.source or r"\(" in cell.source for cell in execution.notebook.cells)
    resources = {
        "has_formulas": formulas,
        "metadata": {"name": lesson.path.stem, "path": str(lesson.path.parent)},
    }
    shown = without(deepcopy(execution.notebook), {"notes"})
    body, _ = exporter.from_notebook_node(shown, resources=resources)
    write_whole((output / lesson.path.name).with_suffix(".html"), body)


def write_index(executions: Mapping[Lesson, Execution], output: Path) -> Path:
    """Write the page that links to every executed lesson; returns its path."""
    rows = []
    for lesson, execution in executions.items():
        page = html.escape(f"{lesson.path.stem}.html")
        result = (
            f'<span class="failed">failed in {html.escape(str(execution.failure))}</span>'
            if execution.failure
            else "OK"
        )
        rows.append(
            f'<tr><td>{lesson.number}</td><td><a href="{page}">{html.escape(lesson.title)}</a>'
            f' (<a href="{html.escape(lesson.path.name)}">notebook</a>)</td><td>{result}</td>'
            f'<td class="number">{execution.seconds:.1f}</td>'
            f'<td class="number">{execution.peak_mib}</td></tr>'
        )
    machine = ", ".join(f"{key} {value}" for key, value in this_machine().items())
    index = output / "index.html"
    write_whole(
        index,
        f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>The executed lessons</title><style>{STYLE}</style></head>
<body>
<h1>The executed lessons</h1>
<table>
<thead><tr><th></th><th>lesson</th><th>result</th>
<th class="number">seconds</th><th class="number">peak MiB</th></tr></thead>
<tbody>
{chr(10).join(rows)}
</tbody>
</table>
<p>Run with {html.escape(machine)}. The pages need no network, except to typeset formulas:
without one these show as their LaTeX source.</p>
</body>
</html>
""",
    )
    return index
