"""Proof that an expression is the zero function, by a normal form and without numbers.

Every exponential, root, logarithm … becomes a letter of its own, and what is left is a quotient of
polynomials. If the numerator is the zero polynomial in these letters, and in the relations between
them that are used here (exp(a + b) = exp(a) exp(b), sin and cos by exp(ix), r^q = a for a root),
then the expression is zero wherever it is defined. The converse need not hold: an expression that
is not recognised may be zero.
"""

from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy.polys.rings import PolyRing

from thalweg.dynamics.formulas.long_powers import with_long_powers

# Expanding more than this takes minutes; what is longer counts as not recognised.
_LONGEST = 200_000
# Remainders are taken one degree after the other.
_HIGHEST = 1000


def is_zero(expression: Any) -> bool:
    """Prove that an expression is zero for all values of its symbols where it is defined.

    Arguments:
        expression: of any symbols, with exact numbers.

    Returns:
        True if it is proven; False if it is not recognised as zero.
    """
    expression = sp.sympify(expression)
    if expression.is_zero:
        return True
    if expression.is_Rational:
        return False
    letters = _Letters()
    rational = letters.without_roots(letters.read(sp.expand_log(expression)))
    numerator: Any = sp.fraction(sp.together(rational))[0]
    if sp.count_ops(numerator) > _LONGEST:
        return False
    return letters.reduces_to_zero(numerator)


class _Letters:
    """Letters for the parts of an expression that are no polynomials, with their relations."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {}
        self._bases: dict[Any, Any] = {}  # letter -> a, for the roots of a
        self._logarithms: dict[Any, Any] = {}  # letter -> a, for log(a)
        self._read: dict[Any, Any] = {}
        self._whole: dict[Any, Any] = {}  # letter -> (letter of its q-th root, q)

    def read(self, node: Any) -> Any:
        """The expression in letters; letters may stand in rational powers."""
        if node not in self._read:
            self._read[node] = self._translated(node)
        return self._read[node]

    def without_roots(self, expression: Any) -> Any:
        """The expression with letters in whole powers only."""
        shares: dict[Any, Any] = {}
        everything = sp.Tuple(expression, *self._bases.values())
        for power in everything.atoms(sp.Pow):
            exponent: Any = power.exp
            if power.base in self._known.values() and exponent.is_Rational:
                shares[power.base] = sp.ilcm(shares.get(power.base, 1), exponent.q)
        self._whole = {
            letter: (sp.Dummy(letter.name, positive=True), int(share))
            for letter, share in shares.items()
        }
        return self._renamed(expression)

    def reduces_to_zero(self, numerator: Any) -> bool:
        """True if a polynomial in letters in whole powers vanishes by the relations of roots."""
        if numerator.is_zero:
            return True
        imaginary = numerator.has(sp.I) or any(b.has(sp.I) for b in self._bases.values())
        domain = sp.QQ_I if imaginary else sp.QQ
        symbols = sorted(numerator.free_symbols, key=str)
        if not symbols:
            return bool(sp.expand(numerator).is_zero)
        # Sparse: an exponent of a million is as good as one of two.
        left = PolyRing(symbols, domain).from_expr(sp.expand(numerator)).as_expr()
        for letter in reversed(list(self._bases)):
            root, share = self._whole.get(letter, (letter, 1))
            if left == 0:
                return True
            if not left.has(root):
                continue
            above, below = sp.fraction(sp.together(self._renamed(self._bases[letter])))
            if sp.degree(left, root) > _HIGHEST:
                return False
            relation = sp.expand(below * root**share - above)
            left = sp.prem(sp.expand(left), relation, root)
            left = sp.expand(left)
        return left == 0

    def _renamed(self, expression: Any) -> Any:
        return expression.xreplace({a: b**share for a, (b, share) in self._whole.items()}).replace(
            lambda node: isinstance(node, sp.Pow) and isinstance(node.base, sp.Pow),
            lambda node: node.base.base ** (node.base.exp * node.exp),
        )

    def _translated(self, node: Any) -> Any:
        if node.is_Rational or node is sp.I or isinstance(node, sp.Symbol):
            return node
        if node is sp.E:
            return self._exponential(sp.Integer(1))
        if isinstance(node, sp.Add | sp.Mul):
            return node.func(*(self.read(argument) for argument in node.args))
        if isinstance(node, sp.exp):
            return self._exponential(node.args[0])
        if isinstance(node, sp.Pow):
            return self._power(node.base, node.exp)
        for kind, rewritten in _BY_EXPONENTIALS:
            if isinstance(node, kind):
                return rewritten(node.args[0], self._exponential)
        if isinstance(node, sp.log):
            letter = self._letter((sp.log, self._canonical(node.args[0])))
            self._logarithms[letter] = self.read(node.args[0])
            return letter
        if node.args and not node.has(sp.Integral, sp.Derivative, sp.Subs):
            return self._letter((node.func, *(self._canonical(a) for a in node.args)))
        return self._letter(node)

    def _exponential(self, exponent: Any) -> Any:
        """exp of a sum as a product of letters, one a term, in rational powers."""
        made: Any = sp.Integer(1)
        for term in sp.Add.make_args(self._canonical(exponent)):
            factor, other = term.as_coeff_Mul()
            if not factor.is_Rational:
                factor, other = sp.Integer(1), term
            if other == sp.I * self.read(sp.pi):
                made *= self._turn(factor)
            elif other in self._logarithms:
                known = self._logarithms[other]
                made *= known**factor if factor.is_Integer else self._root(known) ** factor
            else:
                made *= self._letter((sp.exp, other)) ** factor
        return made

    def _power(self, base: Any, exponent: Any) -> Any:
        if exponent.is_Integer:
            return self.read(base) ** exponent
        if exponent.is_Rational:
            return self._root(self.read(base)) ** exponent
        return self._exponential(exponent * sp.log(base))

    def _turn(self, factor: Any) -> Any:
        """exp(iπ times a rational number)."""
        parts: list[Any] = [sp.cos(sp.pi * factor), sp.sin(sp.pi * factor)]
        if any(part.has(sp.cos, sp.sin) for part in parts):
            return self._root(sp.Integer(-1)) ** factor
        return self.read(parts[0]) + sp.I * self.read(parts[1])

    def _root(self, base: Any) -> Any:
        """The letter whose rational powers are those of `base`, given in letters."""
        letter = self._letter(("root", _tidy(base)))
        self._bases.setdefault(letter, base)
        return letter

    def _canonical(self, argument: Any) -> Any:
        return _tidy(self.read(argument))

    def _letter(self, key: Any) -> Any:
        if key not in self._known:
            self._known[key] = sp.Dummy(f"L{len(self._known)}", positive=True)
        return self._known[key]


def _tidy(expression: Any) -> Any:
    """A sum in a form that does not depend on how it was written."""
    expanded: Any = sp.expand(expression)
    if sp.fraction(sp.together(expanded))[1].is_Add:
        expanded = sp.expand(with_long_powers(sp.cancel, expanded))
    return expanded


def _circular(sign: int) -> Callable[[Any, Callable[[Any], Any]], Any]:
    def rewritten(argument: Any, exponential: Callable[[Any], Any]) -> Any:
        turn = exponential(sp.I * argument)
        return (turn + sign / turn) / (2 if sign > 0 else 2 * sp.I)

    return rewritten


def _hyperbolic(sign: int) -> Callable[[Any, Callable[[Any], Any]], Any]:
    def rewritten(argument: Any, exponential: Callable[[Any], Any]) -> Any:
        growth = exponential(argument)
        return (growth + sign / growth) / 2

    return rewritten


def _tangent(factor: Any) -> Callable[[Any, Callable[[Any], Any]], Any]:
    """tanh for 1; tan x = −i tanh(ix) for i."""

    def rewritten(argument: Any, exponential: Callable[[Any], Any]) -> Any:
        square = exponential(2 * factor * argument)
        return (square - 1) / (square + 1) / factor

    return rewritten


_BY_EXPONENTIALS: tuple[tuple[Any, Callable[..., Any]], ...] = (
    (sp.cos, _circular(1)),
    (sp.sin, _circular(-1)),
    (sp.cosh, _hyperbolic(1)),
    (sp.sinh, _hyperbolic(-1)),
    (sp.tanh, _tangent(sp.Integer(1))),
    (sp.tan, _tangent(sp.I)),
)
