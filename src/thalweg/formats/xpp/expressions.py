"""Formulas as trees.

From the tightest to the loosest, each but the sign from left to right, as XPP 6.11 was seen to
read them: powers; comparisons; the sign of a number; `*`, `/` and `&`; `+`, `-` and `|`. So −x² is
−(x²), 2^3^2 is 64, and `x<1+3` is (x<1)+3, which Python and most people would read otherwise.
"""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from thalweg.core.tables import counted
from thalweg.formats.xpp.functions import FUNCTIONS, UNCOVERED
from thalweg.formats.xpp.tokens import Place, Token, number, tokenize


class Number(NamedTuple):
    """A number."""

    value: float


class Name(NamedTuple):
    """A parameter, a coordinate, a quantity, the time, or an argument of a function."""

    name: str


class Apply(NamedTuple):
    """A function, or an operator such as `"+"`, of its arguments; `"neg"` is the sign."""

    function: str
    arguments: tuple["Node", ...]


class Choice(NamedTuple):
    """`yes` where `test` is not zero, else `no`."""

    test: "Node"
    yes: "Node"
    no: "Node"


Node: TypeAlias = Number | Name | Apply | Choice

COMPARISONS = ("<", ">", "<=", ">=", "==", "!=")
OPERATORS = (*COMPARISONS, "+", "-", "*", "/", "^", "&", "|", "neg")

_LONG = 64  # terms; from the left, a sum of more would be calls within calls beyond Python's limit
_LEVELS = (("+", "-", "|"), ("*", "/", "&"))


def parts(node: Node) -> tuple[Node, ...]:
    """The nodes right below one."""
    if isinstance(node, Apply):
        return node.arguments
    return tuple(node) if isinstance(node, Choice) else ()


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    waiting = [node]
    while waiting:
        waiting.extend(parts(found := waiting.pop()))
        yield found


def parse(text: str, place: Place) -> Node:
    """The tree of a formula.

    Raises:
        InputError: it is no formula, or uses what is not covered.
    """
    try:
        return _Parser(tokenize(text, place), text.strip(), place).whole()
    except RecursionError:
        raise place.error("a formula is nested too deep") from None


def _halved(terms: list[tuple[str, Node]]) -> tuple[str, Node]:
    """A sum as one term, of the sum of its first half and that of the other."""
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    (sign, one), (second, other) = _halved(terms[:middle]), _halved(terms[middle:])
    return sign, Apply("+" if sign == second else "-", (one, other))


class _Parser:
    """Recursive descent over the words of one formula."""

    def __init__(self, tokens: list[Token], text: str, place: Place):
        self.tokens, self.text, self.place = tokens, text, place
        self.at = 0

    def whole(self) -> Node:
        node = self.level(0)
        if self.now.kind != "end":
            raise self.unexpected("an operator")
        return node

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def unexpected(self, wanted: str) -> Exception:
        got = "the end" if self.now.kind == "end" else repr(self.now.text)
        return self.place.error(f"expected {wanted}, got {got} in {self.text}")

    def take(self, *signs: str) -> str:
        """The sign here if it is one of these, which is then passed; else ""."""
        if self.now.kind != "sign" or self.now.text not in signs:
            return ""
        self.at += 1
        return self.tokens[self.at - 1].text

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise self.unexpected(repr(sign))

    def word(self, name: str) -> None:
        if self.now != ("name", name):
            raise self.unexpected(f"{name!r} of an if-then-else")
        self.at += 1

    def level(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self.signed()
        chain = [("+", self.level(level + 1))]
        while sign := self.take(*_LEVELS[level]):
            chain.append((sign, self.level(level + 1)))
        if len(chain) > _LONG and {sign for sign, _ in chain} <= {"+", "-"}:
            return _halved(chain)[1]
        (_, node), *others = chain
        for sign, other in others:
            node = Apply(sign, (node, other))
        return node

    def signed(self) -> Node:
        if self.take("-"):
            return Apply("neg", (self.signed(),))
        return self.signed() if self.take("+") else self.comparison()

    def comparison(self) -> Node:
        node = self.power()
        while sign := self.take(*COMPARISONS):
            node = Apply(sign, (node, self.operand(self.power)))
        return node

    def power(self) -> Node:
        node = self.primary()
        while self.take("^", "**"):
            node = Apply("^", (node, self.operand(self.primary)))
        return node

    def operand(self, read) -> Node:
        """The operand right of an operator, which may have a sign of its own."""
        return Apply("neg", (self.operand(read),)) if self.take("-") else read()

    def primary(self) -> Node:
        if self.take("("):
            node = self.level(0)
            self.need(")")
            return node
        token = self.now
        if token.kind not in ("number", "name"):
            raise self.unexpected("a number, a name or a bracket")
        self.at += 1
        if token.kind == "number":
            value = number(token.text)
            if value is None:
                raise self.place.error(f"{token.text} is too large for a number: {self.text}")
            return Number(value)
        if token.text == "if":
            return self.choice()
        if token.text in UNCOVERED:
            what = UNCOVERED[token.text]
            raise self.place.error(f"{token.text} ({what}) is not covered: {self.text}")
        return self.call(token.text) if self.take("(") else Name(token.text)

    def choice(self) -> Choice:
        branches = []
        for word in ("", "then", "else"):
            if word:
                self.word(word)
            self.need("(")
            branches.append(self.level(0))
            self.need(")")
        return Choice(*branches)

    def call(self, name: str) -> Apply:
        arguments = [self.level(0)]
        while self.take(","):
            arguments.append(self.level(0))
        self.need(")")
        known = FUNCTIONS.get(name)
        if known is not None and len(arguments) != known.num_arguments:
            raise self.place.error(
                f"{name} takes {counted(known.num_arguments, 'argument')}, got {len(arguments)} "
                f"in {self.text}"
            )
        return Apply(name, tuple(arguments))
