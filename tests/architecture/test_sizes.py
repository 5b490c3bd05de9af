"""Small modules, short functions, and no private parts of JAX."""

import ast

from house import Module, everything, imported_names, package, where

_LINES_OF_A_MODULE = 400
_LINES_OF_A_FUNCTION = 80


def long_functions(module: Module) -> list[str]:
    return [
        f"{where(module, node.lineno)} {node.name}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno >= _LINES_OF_A_FUNCTION  # type: ignore[operator]
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


def test_nothing_reaches_into_private_jax():
    assert [found for module in everything() for found in private_jax(module)] == []


def test_what_is_too_long_or_private_is_seen(tmp_path):
    from house import ROOT

    body = "\n    ".join(["pass"] * _LINES_OF_A_FUNCTION)
    text = (
        f"def fn():\n    {body}\n\ndef ok():\n    pass\n\nimport jax._src.core\njax._src.api.jit\n"
    )
    module = Module("example", ROOT / "example.py", text, ast.parse(text))
    assert long_functions(module) == ["example.py:1 fn"]
    assert private_jax(module) == ["example.py:86", "example.py:87"]
