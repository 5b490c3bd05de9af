"""First sentences of docstrings say what a thing is, and numbers of modules why they are so."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.house import Module, package, where

_QUESTION = re.compile(
    r"(What|Whether|Where|When|How|Which|Who|Whose|Whom|Why|Is|Are|Do|Does|Has|Can)\b"
)


def openings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line and the first line of each docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text.splitlines()[0]


def questions(module: Module) -> list[str]:
    """Docstrings that open with a question word instead of a noun or a verb."""
    return [
        f"{where(module, line)}: {text}"
        for line, text in openings(module.tree)
        if _QUESTION.match(text)
    ]


def test_first_sentences_are_nouns_or_verbs():
    """ "Truths `(n,)`: …", "Number of …", "Find …": with type and shape, never a question."""
    assert [found for module in package() for found in questions(module)] == []


def test_a_question_is_seen():
    tree = ast.parse('"""What it is."""\n\n\ndef f():\n    """Whichever comes first."""\n')
    texts = [text for _, text in openings(tree)]
    assert [bool(_QUESTION.match(text)) for text in texts] == [True, False]


def is_number(node: ast.expr) -> bool:
    """True for numbers written out, and for what is made of such alone.

    Tuples, lists, tables, signs, sums, and functions of NumPy and `math`.
    """
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float | complex) and not isinstance(node.value, bool)
    if isinstance(node, ast.UnaryOp):
        return is_number(node.operand)
    if isinstance(node, ast.BinOp):
        return is_number(node.left) and is_number(node.right)
    if isinstance(node, ast.Tuple | ast.List):
        return bool(node.elts) and all(map(is_number, node.elts))
    if isinstance(node, ast.Dict):
        return bool(node.values) and all(map(is_number, node.values))
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        is_plain = called == "float" or called.partition(".")[0] in ("np", "math")
        return is_plain and bool(node.args) and all(map(is_number, node.args))
    return False


def bare_numbers(tree: ast.Module, text: str) -> list[int]:
    """Lines of constants without a word: beside them, above them, or in a docstring."""
    lines = text.splitlines()
    found = []
    for node, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        is_told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        is_told |= lines[max(node.lineno - 2, 0)].startswith("#")
        is_told |= any("#" in line for line in lines[node.lineno - 1 : node.end_lineno])
        if is_number(node.value) and not is_told:
            found.append(node.lineno)
    return found


def test_numbers_of_modules_say_why():
    """A tolerance that answers depend on is a field of a method; a fixed number says why."""
    silent = [
        where(module, line)
        for module in package()
        for line in bare_numbers(module.tree, module.text)
    ]
    assert silent == []


def test_a_bare_number_is_seen():
    text = 'A = 1e-3\nB = (2, -3)  # pairs\n# Why.\nC = 2**8\nD: int = 4\nE = 5\n"Why."\nF = A\n'
    text += "G = 10.0 ** np.arange(1, 7)\nH = {1: (2, 3)}\nI = float(A)\nJ = f(2)\n"
    assert bare_numbers(ast.parse(text), text) == [1, 5, 9, 10]
