"""A `scan` of JAX as a loop of JavaScript."""

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.explorer.printing.blocks import Block, Function, Loop, Node, kind_of, number_text
from thalweg.explorer.printing.operations import row_of


class Turns:
    """A loop that is being written.

    Arguments:
        function: the function that holds it.
        join: the result of an operation, by its name, on numbers.
        outer: the block that it stands in.
        count: how many turns it takes, at least one.
        is_reversed: whether the last turn comes first.
    """

    def __init__(
        self,
        function: Function,
        join: Callable[..., Any],
        outer: Block,
        count: int,
        is_reversed: bool,
    ):
        self._function, self._join, self._outer = function, join, outer
        self._body = Block(outer.depth + 1, is_still=outer.is_still)
        name = function.name("i")
        self._loop = Loop(name, count, self._body, [], is_reversed=is_reversed)
        # What no state changes lies between the parameters, depth 0, and the state, depth 1.
        self._counted = self._body
        if not outer.is_still:
            self._counted = Block(0.5, is_still=True, body=self._body)
            self._loop.table = self._counted
        self._counter = function.variable(self._counted, name, "i", (0.0, float(count)))

    def variables(self, array: np.ndarray) -> np.ndarray:
        """Variables that begin with the entries of an array."""
        made = np.empty(array.shape, dtype=object)
        for index in np.ndindex(made.shape):
            name = self._function.name("s")
            self._loop.variables.append((name, array[index]))
            made[index] = self._function.variable(self._body, name, kind_of(array[index]))
        return made

    def rows_of(self, array: np.ndarray) -> np.ndarray:
        """The entries of a row of a table, in the turn of the loop that sees it."""
        made = np.empty(array.shape[1:], dtype=object)
        for index in np.ndindex(made.shape):
            made[index] = self._row([array[(turn, *index)] for turn in range(len(array))])
        return made

    def _row(self, column: list[Any]) -> Any:
        """The entry of a column in this turn; a column that counts up needs no table."""
        if any(isinstance(entry, Node) for entry in column):
            return self._row_of_nodes(column)
        if column == [column[0] + turn for turn in range(len(column))]:
            is_whole = kind_of(column[0]) == "i"
            number = self._counter if is_whole else self._function.apply("add", self._counter, 0.0)
            return self._join("add", number, column[0])
        table = ", ".join(number_text(entry)[0] for entry in column)
        text = f"[{table}][{self._loop.counter}]"
        return self._function.variable(self._counted, text, kind_of(column[0]))

    def _row_of_nodes(self, column: list[Any]) -> Any:
        """The entry of a column of values: of what another loop has kept, its own table."""
        texts = [entry.text if isinstance(entry, Node) else "" for entry in column]
        table = texts[0].partition("[")[0]
        if texts == [f"{table}[{turn}]" for turn in range(len(column))]:
            text = f"{table}[{self._loop.counter}]"
            block = self._counted if column[0].block.is_still else self._body
            return self._function.variable(block, text, kind_of(column[0]))
        row = row_of(len(column), kind_of(column[0]))
        return self._function.write(row, *column, self._counter)

    def follow(self, arrays: list[np.ndarray]) -> None:
        """Say what the variables are after each turn."""
        self._loop.following = [entry for array in arrays for entry in array.ravel()]
        for value in self._loop.following:
            if isinstance(value, Node) and value.block is self._body:
                value.pinned = value.operation is not None

    def kept(self, array: np.ndarray) -> np.ndarray:
        """The values of all turns, as the block around sees them, one row a turn."""
        made = np.empty((self._loop.count, *array.shape), dtype=object)
        for index in np.ndindex(array.shape):
            name = self._function.name("k")
            self._loop.kept.append((name, array[index]))
            for turn in range(self._loop.count):
                node = self._function.variable(
                    self._outer, f"{name}[{turn}]", kind_of(array[index])
                )
                made[(turn, *index)] = node
        return made

    def close(self) -> None:
        """Put the loop where it stands."""
        self._outer.entries.append(self._loop)

    def after(self, variables: np.ndarray) -> np.ndarray:
        """Its variables as the block around sees them."""
        made = np.empty(variables.shape, dtype=object)
        for index in np.ndindex(made.shape):
            node: Any = variables[index]
            made[index] = self._function.variable(self._outer, node.text, node.kind)
        return made
