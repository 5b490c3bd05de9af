"""First sentences of docstrings say what a thing is, and numbers of modules why they are so."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.house import Module, package, where

_QUESTION = re.compile(r"(What|Whether|Where|When|How|Which|Who|Why)\b")


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
