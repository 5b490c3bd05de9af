"""Offers of known names."""

import pytest

import thalweg as tw
from thalweg.core.nearby import did_you_mean, near_names


def test_case_and_dashes_part_no_names():
    known = ["I", "gNa", "g_K", "four-wells"]
    assert near_names("i", known) == ["I"]
    assert near_names("GNA", known) == ["gNa"]
    assert near_names("g-k", known) == ["g_K"]
    assert did_you_mean("Four_Wells", known) == "Did you mean four-wells?"


def test_letters_in_their_order_are_near():
    assert near_names("gNna", ["gL", "gNa", "ENa"], most=1) == ["gNa"]
    assert near_names("FOUR-WELS", ["Four-Wells", "lorenz"]) == ["Four-Wells"]
    assert did_you_mean("q", ["gL", "gNa"], otherwise="None is near.") == "None is near."


@pytest.mark.parametrize("room", tw._ROOMS)
def test_every_room_offers_what_is_near(room):
    module = getattr(tw, room)
    name = module.__all__[-1]
    typed = name[:2] + name[3] + name[2] + name[4:] + "x"
    with pytest.raises(AttributeError, match=rf"'thalweg\.{room}' has no .*Did you mean .*{name}"):
        getattr(module, typed)
