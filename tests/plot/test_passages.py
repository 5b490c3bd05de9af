"""The figure of SGLD's passage: its parts against the ledger, and against chains."""

import numpy as np
import pytest

import thalweg as tw
from thalweg.sampling import SGLD, NoisyGradient


def test_the_parts_come_to_what_the_ledger_says():
    shares = tw.plot.sgld_shares(np.full(4000, 0.3), 1.7, 0.5, 0.9, 5.0)
    ledger = tw.sampling.bias_ledger([SGLD(0.3, 0.5, NoisyGradient(0.9))], 1.7)
    assert shares.total[-1] == pytest.approx(ledger.variance[0], rel=1e-12)
    assert shares.total[0] == 25.0
    # The two noises are in the ratio ηs² to 2T.
    assert shares.gradient[-1] / shares.temperature[-1] == pytest.approx(0.3 * 0.81 / 1.0)
    assert shares.start[1] == pytest.approx(25.0 * (1 - 0.51) ** 2)


def test_the_figure_has_the_parts_and_the_chains():
    shares = tw.plot.sgld_shares(np.full(50, 0.3), 1.0, 0.5, 0.9, 5.0)
    axes = tw.plot.sgld_passage(shares, measured=shares.total, limit=0.5)
    assert len(axes.get_lines()) == 6
    np.testing.assert_allclose(np.asarray(axes.get_lines()[3].get_ydata()), shares.total)
    assert axes.get_xscale() == axes.get_yscale() == "log"
