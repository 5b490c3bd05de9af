"""The page's JavaScript modules as two scripts, without imports, that one file can hold.

Each module becomes a function that is called once and returns what it exports; `import` lines
become constants; remarks are left out. No code is made of text while the page runs, so a content
policy without `eval` holds.
"""

import functools
import re
from importlib import resources

_IMPORT = re.compile(r'^import \{ ([^}]*) \} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (async function|function|class|const) (\w+)", re.MULTILINE)
# Remarks on lines of their own: a seventh of a page, which are read in the modules.
_REMARK = re.compile(r"^ *(?://[^\n]*|/\*\*.*?\*/)\n", re.MULTILINE | re.DOTALL)
# The modules that a thread of its own needs, and the page itself: what they import comes along.
CORE, PAGE = "worker", "main"


@functools.cache
def module_text(name: str) -> str:
    """The text of a module as it is shipped."""
    return resources.files("thalweg.explorer").joinpath("browser", f"{name}.js").read_text("utf-8")


def order(name: str) -> list[str]:
    """A module and what it imports, each after what it needs."""
    found: list[str] = []

    def visit(current: str) -> None:
        for _, needed in _IMPORT.findall(module_text(current)):
            visit(needed)
        if current not in found:
            found.append(current)

    visit(name)
    return found


def core_script(functions: str, system: str) -> str:
    """The script that computes: modules, the system's JSON and its functions.

    In a thread of its own it answers questions; on the page it only defines what the page uses.
    """
    helpers = ", ".join(_exports(module_text("functions")))
    parts = [_wrapped(name) for name in order(CORE)]
    return "\n".join(
        [
            '"use strict";',
            *parts,
            f"const thalwegSystem = {system};",
            f"const thalwegFunctions = (() => {{\nconst {{ {helpers} }} = module_functions;",
            f"return {functions};\n}})();",
            'if (typeof document === "undefined") {',
            "  module_worker.serveBasins(self, thalwegSystem, thalwegFunctions);",
            "}",
            "",
        ]
    )


def page_script() -> str:
    """The script that draws and listens; it begins by itself."""
    done = order(CORE)
    parts = [_wrapped(name) for name in order(PAGE) if name not in done]
    begin = (
        "const thalwegPage = new module_main.Page(\n"
        "  thalwegSystem, thalwegFunctions,\n"
        '  document.getElementsByTagName("script")[0].textContent,\n'
        ");"
    )
    return "\n".join(['"use strict";', *parts, begin, ""])


def special_script(module: str, system: str) -> str:
    """The one script of a special page, which the module `module` begins."""
    parts = [_wrapped(name) for name in order(module)]
    begin = f"const thalwegPage = module_{module}.start({system});"
    return "\n".join(['"use strict";', *parts, begin, ""])


def _exports(text: str) -> list[str]:
    return [name for _, name in _EXPORT.findall(text)]


def _wrapped(name: str) -> str:
    text = _REMARK.sub("", module_text(name))
    exported = ", ".join(_exports(text))
    inner = _IMPORT.sub(r"const { \1 } = module_\2;\n", text)
    inner = _EXPORT.sub(r"\1 \2", inner)
    return f"const module_{name} = (() => {{\n{inner}return {{ {exported} }};\n}})();"
