"""Bifurcations at, and branches beside, the very ends of the range."""

import pytest

import thalweg as tw


class Normal(tw.Flow):
    """A polynomial in x whose coefficients are linear in r: every normal form of one coordinate."""

    r: float = 0.5
    offset: float = 0.0
    fold: float = 0.0
    linear: float = 1.0
    square: float = 0.0
    cube: float = 0.0
    domain = tw.Box([-2.0], [2.0])

    def velocity(self, t, state):
        gain = (self.r - self.offset) * (self.fold + self.linear * state)
        return gain - self.square * state**2 - self.cube * state**3


TRANSCRITICAL = Normal(square=1.0, offset=0.1)
PITCHFORK = Normal(cube=1.0, offset=0.1)
FOLD = Normal(fold=1.0, linear=0.0, square=1.0, offset=0.1)


@pytest.mark.long
@pytest.mark.parametrize("span", [(0.1, 1.0), (-0.3, 0.1), (0.0999, 1.0), (-1.0, 0.101)])
@pytest.mark.parametrize(
    ("rule", "kind"), [(TRANSCRITICAL, "transcritical"), (PITCHFORK, "pitchfork")]
)
def test_a_bifurcation_at_an_end_of_the_range_is_one(rule, kind, span):
    found = tw.bifurcation_diagram(rule, "r", span, cycles=None, checks=0)
    (point,) = found.bifurcations
    assert (point.kind, point.value) == (kind, pytest.approx(0.1, abs=1e-9))


def test_a_branch_that_lives_beside_an_end_of_the_range_alone_is_found():
    """x' = r − 1/10 − x² has equilibria in a thousandth of this range only."""
    found = tw.bifurcation_diagram(FOLD, "r", (-0.9, 0.101), cycles=None, checks=0)
    (branch,) = found.branches
    assert sorted(branch.states[[0, -1], 0]) == [
        pytest.approx(-(0.001**0.5), abs=1e-12), pytest.approx(0.001**0.5, abs=1e-12)
    ]  # fmt: skip
    (fold,) = found.bifurcations
    assert fold.value == pytest.approx(0.1, abs=1e-12)


@pytest.mark.long
@pytest.mark.parametrize("beyond", [1e-8, 3e-7, 1e-6, 1e-4])
def test_a_branch_that_begins_beside_the_end_of_the_range_is_listed_once(beyond):
    """From the pitchfork at 1/10 to the end the states ±√(r − 1/10) are one curve."""
    found = tw.bifurcation_diagram(PITCHFORK, "r", (-0.9, 0.1 + beyond), cycles=None, checks=0)
    assert [b.kind for b in found.bifurcations] == ["pitchfork"]
    rest, other = sorted(found.branches, key=lambda branch: float(abs(branch.states).max()))
    assert abs(rest.states).max() == 0.0
    ends = sorted(other.states[[0, -1], 0])
    assert ends == pytest.approx([-(beyond**0.5), beyond**0.5], rel=1e-4)
