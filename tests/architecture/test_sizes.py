"""Small modules, short functions, and no private parts of JAX."""

import ast

import pytest
from tests.architecture.house import ROOT, Module, everything, imported_names, package, where

_LINES_OF_A_MODULE = 400
_LINES_OF_A_FUNCTION = 80


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function without its docstring, which may take what it needs."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    documented = ast.get_docstring(node) is not None
    return lines - documented * ((first.end_lineno or first.lineno) - first.lineno + 1)


def long_functions(module: Module) -> list[str]:
    return [
        f"{where(module, node.lineno)} {node.name}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and length(node) > _LINES_OF_A_FUNCTION
    ]


def private_jax(module: Module) -> list[str]:
    imported = [line for name, line in imported_names(module) if name.startswith("jax._src")]
    reached = [
        node.lineno
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr == "_src"
    ]
    return [where(module, line) for line in sorted({*imported, *reached})]


def test_modules_are_small():
    lengths = {m.name: len(m.text.splitlines()) for m in package()}
    assert {name: n for name, n in lengths.items() if n > _LINES_OF_A_MODULE} == {}


def test_functions_are_short():
    assert [found for module in package() for found in long_functions(module)] == []


@pytest.mark.long
def test_nothing_reaches_into_private_jax():
    assert [found for module in everything() for found in private_jax(module)] == []


def test_what_is_too_long_or_private_is_seen():
    body = "\n    ".join(["pass"] * (_LINES_OF_A_FUNCTION - 1))
    text = f"""def fits():
    "Two lines\\
    of a docstring."
    {body}

def long():
    {body}
    pass

import jax._src.core
jax._src.api.jit
"""
    module = Module("example", ROOT / "example.py", text, ast.parse(text))
    assert long_functions(module) == ["example.py:84 long"]
    assert private_jax(module) == ["example.py:166", "example.py:167"]
