"""Run a notebook and write it as a page.

    python tools/notebook_page.py NOTEBOOK.ipynb [--draft]

Runs the cells in one namespace, as Jupyter does, and writes `NOTEBOOK.md` and its figures here: the
text, the code, and below each cell what its last expression shows. A cell that fails stops it.
`--draft` runs nothing.
"""

import ast
import html
import json
import pathlib
import re
import sys
from typing import Any


def main() -> None:
    """Write the page."""
    path = pathlib.Path(sys.argv[1])
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    parts, space = [], {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        if "--draft" not in sys.argv:
            parts.append(shown(run_cell(source, space), f"{path.stem}-{number}.svg"))
    parts.insert(1, f"[The notebook]({path.name}){{ download }}, to run and to change.")
    text = "\n\n".join(part for part in parts if part) + "\n"
    pathlib.Path(f"{path.stem}.md").write_text(text, encoding="utf-8")


def run_cell(source: str, space: dict[str, Any]) -> Any:
    """Run a cell; the value of its last line where that is an expression, else None."""
    tree = ast.parse(source)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, "<cell>", "exec"), space)
        return None
    tree.body.pop()
    exec(compile(tree, "<cell>", "exec"), space)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), space)


def shown(value: Any, figure: str) -> str:
    """The figure, the HTML or the text that a notebook shows of a value."""
    if value is None:
        return ""
    if hasattr(value, "savefig"):
        value.savefig(figure)
        return f"![The figure of the cell above]({figure})"
    if hasattr(value, "_repr_html_"):
        # Markdown ends a block of HTML at an empty line; a page in a frame must stay as it is.
        shows = re.sub(r'="[^"]*"', lambda m: m[0].replace("\n", "&#10;"), value._repr_html_())
        return "\n".join(line for line in shows.splitlines() if line.strip())
    return f"<pre>{html.escape(repr(value))}</pre>"


if __name__ == "__main__":
    main()
