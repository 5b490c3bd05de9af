"""Statements of a JavaScript function: what depends on what, and how it is laid out.

A value is written where it is used if that is one place, and gets a name if there are more. It
belongs to the innermost block that it needs: what no state changes is computed when a parameter
changes, and what no turn of a loop changes before the loop. What only the number of a turn changes
(a force at the times of an integration) is the same for all states, and is computed when a
parameter changes, too: a table, a row a turn.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from thalweg.core.errors import InputError
from thalweg.explorer.printing.operations import ATOM, OPERATIONS, UNARY, Operation
from thalweg.explorer.printing.spans import Span, span_of

# A longer program fills the page, and a browser takes seconds to compile it.
LONGEST = 20_000


class NoFormulasError(InputError):
    """A rule that no page can compute by itself; the message says why."""


@dataclass(eq=False)
class Node:
    """A number or a truth value that JavaScript computes.

    Attributes:
        block: where it is known.
        operation: what computes it; None for a variable.
        operands: numbers, truth values and nodes.
        text: the name of a variable.
        kind: `"f"` a real number, `"i"` a whole one, `"b"` a truth value.
        span: the least and the largest value for bounded inputs; None: it may not be finite.
        pinned: whether it needs a name, even if it is used once.
    """

    block: "Block"
    operation: Operation | None
    operands: tuple[Any, ...]
    text: str
    kind: str
    span: Span = None
    pinned: bool = False


@dataclass(eq=False)
class Loop:
    """A `for` loop: variables with their first values, and what they are after each turn."""

    counter: str
    count: int
    body: "Block"
    variables: list[tuple[str, Any]]
    following: list[Any] = field(default_factory=list)
    kept: list[tuple[str, Any]] = field(default_factory=list)
    is_reversed: bool = False
    table: "Block | None" = None


@dataclass(eq=False)
class Block:
    """A sequence of statements.

    Attributes:
        depth: how many blocks it lies in.
        entries: the statements.
        is_still: whether no state changes what it computes.
        body: of a block of what only the number of a turn changes, the turn itself.
    """

    depth: float
    entries: list[Node | Loop] = field(default_factory=list)
    is_still: bool = False
    body: "Block | None" = None


class Function:
    """A function that is being written.

    Attributes:
        still: the block of what depends on parameters only.
        moving: the block of what depends on the state.
    """

    still: Block
    moving: Block

    def __init__(self) -> None:
        self.still, self.moving = Block(0, is_still=True), Block(1)
        self._seen: dict[Any, Node] = {}
        self._count = 0

    def variable(self, block: Block, text: str, kind: str = "f", span: Span = None) -> Node:
        """A value that has a name."""
        return Node(block, None, (), text, kind, span)

    def name(self, letter: str) -> str:
        """A name that nothing has yet."""
        self._count += 1
        if self._count > LONGEST:
            raise NoFormulasError("its program is too long for a page")
        return f"{letter}{self._count}"

    def apply(self, name: str, *operands: Any) -> Any:
        """The result of an operation, known where its operands are."""
        return self.write(OPERATIONS[name], *operands)

    def write(self, operation: Operation, *operands: Any) -> Any:
        """The same of an operation that is in no table."""
        if not any(isinstance(o, Node) for o in operands):
            return operation.value(*operands)
        key = (
            operation.name,
            *(id(o) if isinstance(o, Node) else (type(o), repr(o)) for o in operands),
        )
        if key not in self._seen:
            block = _innermost([o.block for o in operands if isinstance(o, Node)])
            kind, span = _kind(operation, operands), span_of(operation, operands)
            node = Node(block, operation, operands, self.name("a"), kind, span)
            block.entries.append(node)
            self._seen[key] = node
        return self._seen[key]

    def render(self, outputs: list[Any]) -> tuple[list[str], list[str], int]:
        """The lines that prepare constants, those that compute the outputs, how many constants."""
        layout = _Layout(self.still, self.moving, outputs)
        return layout.lines()


def _innermost(blocks: list[Block]) -> Block:
    """The block in which all of some blocks are known."""
    above = {block for block in blocks if block.depth > 0}
    if len(above) > 1:
        # What only the number of a turn changes, beside what a state changes: the turn itself.
        blocks = [block.body or block for block in blocks]
    return max(blocks, key=lambda block: block.depth)


def kind_of(value: Any) -> str:
    """The kind of a number, a truth value or a node."""
    if isinstance(value, Node):
        return value.kind
    return "b" if isinstance(value, bool) else ("i" if isinstance(value, int) else "f")


def _kind(operation: Operation, operands: tuple[Any, ...]) -> str:
    if operation.kind:
        return operation.kind
    numbers = operands[1:] if operation.name == "select" else operands
    kinds = {kind_of(o) for o in numbers}
    return kinds.pop() if len(kinds) == 1 else "f"


class _Layout:
    """Count the uses of every value and note their places; then write their lines."""

    def __init__(self, still: Block, moving: Block, outputs: list[Any]):
        self._still, self._moving, self._outputs = still, moving, outputs
        self._uses: dict[Node, list[Block]] = {}
        self._loops: dict[str, Loop] = {}
        self._live: set[int] = set()
        self._slots: dict[Node, str] = {}
        self._tables: dict[Block, Loop] = {}
        for block in (still, moving):
            self._find_loops(block)

    def lines(self) -> tuple[list[str], list[str], int]:
        """The lines of both blocks and the number of constants."""
        for output in self._outputs:
            self._use(output, self._moving)
        shared = [n for n in self._uses if self._is_made(n) and self._is_shared(n)]
        self._slots = {node: f"c[{i}]" for i, node in enumerate(sorted(shared, key=_number))}
        count = len(shared)
        for table, loop in self._tables.items():
            count += self._place(table, loop, count)
        moving = [
            *self._statements(self._moving),
            *(f"out[{i}] = {self._text(o)[0]};" for i, o in enumerate(self._outputs)),
        ]
        still = self._statements(self._still)
        for table, loop in self._tables.items():
            still += self._filled(table, loop)
        return still, moving, count

    def _place(self, table: Block, loop: Loop, begin: int) -> int:
        """Give the values that turns read their places; returns how many numbers those are."""
        read = [n for n in self._uses if self._is_made(n) and n.block is table]
        read = [n for n in read if any(b is not table for b in self._uses[n])]
        for column, node in enumerate(sorted(read, key=_number)):
            self._slots[node] = f"c[{len(read)} * {loop.counter} + {begin + column}]"
        return len(read) * loop.count

    def _filled(self, table: Block, loop: Loop) -> list[str]:
        """The loop that fills a table."""
        rows = [n for n in self._slots if n.block is table and not n.operation]
        lines = [f"{self._slots[n]} = {n.text};" for n in rows] + self._statements(table)
        name = loop.counter
        head = f"for (let {name} = 0; {name} < {loop.count}; {name} += 1) {{"
        return [head, *(f"  {line}" for line in lines), "}"] if lines else []

    def _is_made(self, node: Node) -> bool:
        """True for a value that a statement gives: an operation, or the outcome of a loop."""
        return node.operation is not None or node.text.partition("[")[0] in self._loops

    def _is_shared(self, node: Node) -> bool:
        return node.block is self._still and any(b.depth > 0 for b in self._uses[node])

    def _find_loops(self, block: Block) -> None:
        for entry in block.entries:
            if isinstance(entry, Loop):
                for name in (*(v for v, _ in entry.variables), *(k for k, _ in entry.kept)):
                    self._loops[name] = entry
                if entry.table is not None:
                    self._tables[entry.table] = entry
                self._find_loops(entry.body)

    def _use(self, value: Any, block: Block) -> None:
        if not isinstance(value, Node):
            return
        todo = [(value, block)]
        while todo:
            node, place = todo.pop()
            loop = self._loops.get(node.text.partition("[")[0])
            if loop is not None and id(loop) not in self._live:
                self._live.add(id(loop))
                todo += [(v, node.block) for _, v in loop.variables if isinstance(v, Node)]
                inner = [*loop.following, *(v for _, v in loop.kept)]
                todo += [(v, loop.body) for v in inner if isinstance(v, Node)]
            is_new = node not in self._uses
            self._uses.setdefault(node, []).append(place)
            if is_new:
                todo += [(o, node.block) for o in node.operands if isinstance(o, Node)]

    def _is_inlined(self, node: Node) -> bool:
        places = self._uses[node]
        return not node.pinned and len(places) == 1 and places[0] is node.block

    def _statements(self, block: Block) -> list[str]:
        lines: list[str] = []
        for entry in block.entries:
            if isinstance(entry, Loop):
                lines += self._loop(entry) if id(entry) in self._live else []
                if block is self._still:
                    lines += self._outcomes(entry)
            elif entry in self._uses and entry.operation and not self._is_inlined(entry):
                text = self._written(entry)[0]
                lines.append(f"const {entry.text} = {text};")
                if entry in self._slots:
                    lines.append(f"{self._slots[entry]} = {entry.text};")
        return lines

    def _outcomes(self, loop: Loop) -> list[str]:
        """The lines that hand on what a loop has found."""
        found = [n for n in self._slots if not n.operation and n.block is self._still]
        found = [n for n in found if self._loops[n.text.partition("[")[0]] is loop]
        return [f"{self._slots[n]} = {n.text};" for n in found]

    def _loop(self, loop: Loop) -> list[str]:
        begin, end, turn = "0", f"< {loop.count}", "+= 1"
        if loop.is_reversed:
            begin, end, turn = str(loop.count - 1), ">= 0", "-= 1"
        name = loop.counter
        inner = self._statements(loop.body)
        inner += [f"{kept}[{name}] = {self._text(value)[0]};" for kept, value in loop.kept]
        names = [variable for variable, _ in loop.variables]
        values = [self._text(value)[0] for value in loop.following]
        for number, value in enumerate(values):
            inner.append(f"const n{number} = {value};")
        inner += [f"{variable} = n{number};" for number, variable in enumerate(names)]
        return [
            *(f"let {variable} = {self._text(value)[0]};" for variable, value in loop.variables),
            *(f"const {kept} = [];" for kept, _ in loop.kept),
            f"for (let {name} = {begin}; {name} {end}; {name} {turn}) {{",
            *(f"  {line}" for line in inner),
            "}",
        ]

    def _text(self, value: Any) -> tuple[str, int]:
        """The text of a value where it is used, and its precedence."""
        if not isinstance(value, Node):
            return number_text(value)
        if value in self._slots:
            return self._slots[value], ATOM
        if value.operation is None:
            return value.text, ATOM
        return self._written(value) if self._is_inlined(value) else (value.text, ATOM)

    def _written(self, node: Node) -> tuple[str, int]:
        assert node.operation is not None
        operands = [self._text(o) for o in node.operands]
        return node.operation.write(operands), node.operation.precedence


def _number(node: Node) -> int:
    return int(node.text.partition("[")[0][1:])


def number_text(value: Any) -> tuple[str, int]:
    """A known number or truth value as JavaScript, and the precedence of the text."""
    if isinstance(value, bool):
        return str(value).lower(), ATOM
    number = float(value)
    if math.isnan(number):
        return "NaN", ATOM
    if math.isinf(number):
        return ("Infinity", ATOM) if number > 0 else ("-Infinity", UNARY)
    text = repr(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)
    is_negative = math.copysign(1.0, number) < 0
    text = "-0" if is_negative and number == 0 else text
    return text, UNARY if is_negative else ATOM


def fold(fn: Callable[[Any, Any], Any], values: Iterable[Any], first: Any) -> Any:
    """Values joined two by two, from the left."""
    made = first
    for value in values:
        made = fn(made, value)
    return made
