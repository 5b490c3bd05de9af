"""Words of curves of bifurcations: where they end."""

import numpy as np
import pytest

from thalweg.analysis.two_parameters.result import BifurcationCurve


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        (("range", "range"), "the edge of the ranges, both ways"),
        (("domain", "bogdanov-takens"), "the edge of the domain and bogdanov-takens"),
        (("cusp", "cusp"), "cusp, both ways"),
        (("closed", "closed"), "nowhere: it is closed"),
    ],
)
def test_a_curve_says_where_it_ends(ends, words):
    values = np.zeros((2, 2))
    curve = BifurcationCurve("fold", values, values, None, None, (), ends)
    assert curve.row() == ["fold", "0 to 0", "0 to 0", words, "2"]
