"""The pages of models whose states are no plane: their numbers are the library's own."""

import dataclasses

import jax
import numpy as np
import pytest
from tests.browsers import needs_browser
from tests.explorer.pages import Opened, saved

import thalweg as tw
from thalweg.core.errors import InputError
from thalweg.energies.hopfield import Hopfield
from thalweg.explorer import special_page
from thalweg.explorer.special.retrieval import patterns
from thalweg.explorer.special.table import SUBJECTS, read_subject
from thalweg.models import deep_linear as dl
from thalweg.models import hopfield as hp
from thalweg.models import normalization as nm
from thalweg.models.normalization.theory.energy import PoolEnergy

_SIZE = 300_000


@pytest.fixture(scope="module")
def addresses(tmp_path_factory):
    folder = tmp_path_factory.mktemp("special")
    return {
        name: special_page(name).save(folder / f"{name}.html").as_uri() for name in sorted(SUBJECTS)
    }


def moved(page, **values):
    """Move sliders, as the page names them."""
    for name, value in values.items():
        page.evaluate(
            "([name, value]) => thalwegPage.move("
            "thalwegPage.system.sliders.findIndex((s) => s.name === name), value, true)",
            [name, value],
        )
    page.wait()


@needs_browser
@pytest.mark.parametrize("name", sorted(SUBJECTS))
def test_a_page_is_small_asks_nobody_and_fits_a_telephone(browser, addresses, name):
    with Opened(browser, addresses[name], width=360, scheme="dark") as page:
        assert page.complaints == []
        assert all(url.startswith((addresses[name], "data:")) for url in page.asked)
        assert page.evaluate("document.documentElement.outerHTML.length") < _SIZE
        policy = page.view.locator("meta[http-equiv]").get_attribute("content")
        assert policy is not None
        assert "unsafe" not in policy
        wide, inner = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= inner
        context = "document.querySelector('#stage canvas').getContext('2d')"
        assert sum(page.evaluate(f"[...{context}.getImageData(1, 1, 1, 1).data]")[:3]) < 180
        page.slide(0, page.evaluate("thalwegPage.system.sliders[0].upper"))
        assert page.evaluate("thalwegPage.toText()") != ""
        text = saved(page, "#save-csv")
        assert len(set(text.splitlines()[1:])) > 1
        assert saved(page, "#save-svg").startswith("<svg")
        assert page.complaints == []


@needs_browser
@pytest.mark.parametrize("name", sorted(SUBJECTS))
def test_the_address_restores_a_page_and_what_it_does_not_know_is_said(browser, addresses, name):
    with Opened(browser, addresses[name]) as page:
        moved(page, **{page.evaluate("thalwegPage.system.sliders[1].name"): 0.125})
        page.wait_until("location.hash.slice(1) === thalwegPage.toText()")
        state = page.evaluate("thalwegPage.toText()")
        assert state.endswith("=0.125")
        with Opened(browser, page.view.url + "&p.nobody=1&c.rule=none&x=zz") as other:
            assert other.evaluate("thalwegPage.toText()") == state
            notes = other.view.locator("#notes").inner_text()
            assert all(word in notes for word in ("p.nobody=1", "c.rule=none", "x=zz"))
        page.view.keyboard.press("Control+z")
        page.wait()
        assert page.evaluate("thalwegPage.toText()") == ""


@pytest.mark.long
@needs_browser
def test_tuning_curves_and_weights_are_those_of_the_network(browser, addresses):
    subject = read_subject("normalization")
    set_to = {"alpha": 0.02, "beta": -0.03, "sigma": 0.7, "baseline": 0.1}
    with Opened(browser, addresses["normalization"]) as page:
        moved(page, **set_to, orientation=40.0, contrast=0.9, steps=30)
        found = page.evaluate(
            "(({weights, outputs, energies, after}) => ({weights: [...weights],"
            " outputs: outputs.map((r) => [...r]), energies, after: after.map((r) => [...r])}))"
            "(thalwegPage.scene)"
        )
        assert page.view.locator("#notes li").count() == 0
        moved(page, beta=0.02)
        assert "β > 0 pushes W away from C" in page.view.locator("#notes").inner_text()
        moved(page, beta=-0.03, alpha=10.0)
        crossed = page.view.locator("#notes").inner_text()
        assert page.complaints == []
    count = subject.numbers["neurons"]
    tuning = nm.VonMises(count, subject.numbers["concentration"])
    alpha, beta, sigma, baseline = set_to.values()
    everywhere = nm.uniform_ensemble(count)
    network = nm.NormalizationNetwork(tuning, everywhere, alpha, beta, sigma, baseline)
    shown = nm.grating(0.9, 40.0)
    rule = nm.full_rule(network, nm.Held(shown))
    run = nm.adapt(rule, steps=31)
    weights = nm.weights_after(rule, nm.adapt(rule, steps=30))
    np.testing.assert_allclose(found["outputs"], run.outputs, rtol=1e-10)
    steep = dataclasses.replace(network, alpha=10.0)
    lost = nm.adapt(nm.full_rule(steep, nm.Held(shown)), steps=5, throw=False).crossing
    assert lost is not None
    assert f"of neuron {lost.neuron} is not positive at step {lost.step}" in crossed
    ours = np.array(found["weights"]).reshape(count, count)
    np.testing.assert_allclose(ours, weights, atol=1e-10)
    held = nm.hold(network, shown)
    energy, drive = PoolEnergy(held), np.asarray(held.drive)
    pools = drive / run.outputs - set_to["sigma"] ** 2

    with jax.enable_x64(True):
        expected = jax.jit(jax.vmap(energy))(pools)
    np.testing.assert_allclose(found["energies"], expected, rtol=1e-8)
    angles = 2.0 * np.arange(91)
    offset = np.deg2rad(2.0 * (angles[:, None] - 180.0 * np.arange(count) / count))
    drives = (np.exp(subject.numbers["concentration"] * (np.cos(offset) - 1.0)) + 0.1) ** 2
    outputs = drives / (set_to["sigma"] ** 2 + drives @ weights.T / count)
    np.testing.assert_allclose(found["after"], outputs, rtol=1e-9)


@pytest.mark.long
@needs_browser
def test_modes_are_the_closed_form_and_gradient_descent(browser, addresses):
    numbers = read_subject("deep-linear-modes").numbers
    strengths, start, rate = np.array([3.5, 2.0, 0.5]), 0.15, 0.02
    left, right = np.array(numbers["left"]), np.array(numbers["right"])
    with Opened(browser, addresses["deep-linear-modes"]) as page:
        moved(page, s1=3.5, s3=0.5, start=start, rate=rate, duration=4.0)
        for balance in (-0.8, 0.0, 1.3):
            moved(page, balance=balance)
            found = page.evaluate(
                "(({rows, modes, times}) => ({times, paths: modes.map((m) => m.path),"
                " strengths: rows.map((r) => r.strengths), errors: rows.map((r) => r.error)}))"
                "(thalwegPage.scene)"
            )
            both = np.hypot(balance, 2.0 * start**2)
            pair = np.sqrt((both - balance) / 2.0), np.sqrt((both + balance) / 2.0)
            a, b = dl.unbalanced_strengths(strengths, pair, found["times"])
            paths = np.moveaxis(np.array(found["paths"]), 0, 1)
            np.testing.assert_allclose(paths, np.stack([a, b], axis=-1), atol=1e-10)
            simulated, errors = descended(left, right, strengths, pair, rate, 200)
            np.testing.assert_allclose(found["strengths"], simulated, atol=1e-8)
            np.testing.assert_allclose(found["errors"], errors, atol=1e-8)
        moved(page, balance=0.0, rate=0.3)
        assert "cannot rest" in page.view.locator("#notes").inner_text()
        moved(page, rate=0.02, disorder=0.1)
        assert "not aligned" in page.view.locator("#notes").inner_text()
        assert page.complaints == []


def descended(left, right, strengths, pair, rate, steps):
    """Strengths and errors of the library's gradient descent from an aligned start."""
    covariances = dl.Covariances(left @ np.diag(strengths) @ right.T)
    widths = (len(right), 3, len(left))
    rule = dl.GradientDescent(covariances, widths, rate)
    first, second = pair[0] * right.T, pair[1] * left
    with jax.enable_x64(True):
        run = tw.simulate(rule, (first, second), steps=steps)
    below, above = (np.asarray(w) for w in run.states)
    products = above @ below
    rest = covariances.yx - products
    inside = np.einsum("oi,toj,jk->tik", left, products, right)
    return np.einsum("tii->ti", inside), 0.5 * np.sum(rest**2, axis=(1, 2))


RULES = {"hebb": hp.hebb, "storkey": hp.storkey, "projection": hp.pseudo_inverse}


@pytest.mark.long
@needs_browser
@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_network_settles_as_the_librarys_does(browser, addresses, rule):
    stored = np.array(list(patterns().values()))[:5]
    network = RULES[rule](stored)
    with Opened(browser, addresses["hopfield-retrieval"]) as page:
        moved(page, patterns=5, noise=0.25, seed=3)
        page.evaluate(f"thalwegPage.choose('rule', '{rule}')")
        for update in ("sequential", "synchronous", "random"):
            page.evaluate(f"thalwegPage.choose('update', '{update}')")
            page.wait()
            found = page.evaluate(
                "(({weights, states, energies, ends}) => ({weights: [...weights], energies, ends,"
                " start: [...states[0]], end: [...states.at(-1)]}))(thalwegPage.scene)"
            )
            weights = np.array(found["weights"]).reshape(99, 99)
            np.testing.assert_allclose(weights, network.weights.dense(), atol=1e-8)
            start = np.array(found["start"])
            assert np.sum(start != stored[0]) == 25
            energies = np.array(found["energies"])
            same = hp.retrieve(Hopfield(network.weights.dense()), start, update=update, throw=False)
            np.testing.assert_allclose(energies[0], same.energies[0], atol=1e-5)
            if update == "random":  # in another order: at rest, and never uphill
                again = hp.retrieve(network, np.array(found["end"]))
                np.testing.assert_array_equal(again.state, found["end"])
                assert np.all(np.diff(energies) <= 1e-12)
            elif same.outcome == "fixed point":
                np.testing.assert_array_equal(found["end"], same.state)
                np.testing.assert_allclose(energies[-1], same.energy, atol=1e-5)
            else:
                assert found["ends"] == "cycle"
        assert page.complaints == []


@pytest.mark.long
@needs_browser
def test_a_state_can_be_drawn_and_watched_by_mouse_and_by_keys(browser, addresses):
    with Opened(browser, addresses["hopfield-retrieval"]) as page:
        before = page.evaluate("[...thalwegPage.subject.state]")
        box = page.evaluate("thalwegPage.subject.grid(thalwegPage.panels[0].panel.frame)")
        canvas = page.view.locator("#panel-state")
        place = {"x": box["left"] + 4.5 * box["side"], "y": box["top"] + 2.5 * box["side"]}
        canvas.click(position=place)
        page.wait()
        after = page.evaluate("[...thalwegPage.subject.state]")
        assert [k for k in range(99) if before[k] != after[k]] == [9 * 2 + 4]
        for key in ("ArrowRight", "ArrowDown", " "):
            page.view.keyboard.press(key)
            page.wait()
        after = page.evaluate("[...thalwegPage.subject.state]")
        assert [k for k in range(99) if before[k] != after[k]] == [9 * 1 + 1, 9 * 2 + 4]
        page.wait_until("location.hash.slice(1) === thalwegPage.toText()")
        with Opened(browser, page.view.url) as other:
            assert other.evaluate("[...thalwegPage.subject.state]") == after
        page.view.keyboard.press("Enter")
        page.wait_until("thalwegPage.subject.at === thalwegPage.scene.states.length - 1")
        stored = next(iter(patterns().values()))
        page.wait_until("document.getElementById('status').textContent !== ''")
        assert page.evaluate("[...thalwegPage.subject.state]") == stored
        assert "at rest at T, exactly" in page.view.locator("#readings").inner_text()
        page.view.locator("#corrupt").click()
        page.wait()
        turned = np.sum(np.array(page.evaluate("[...thalwegPage.subject.state]")) != stored)
        assert turned == round(0.2 * 99)
        page.view.locator("#undo").click()
        page.wait()
        assert page.evaluate("[...thalwegPage.subject.state]") == after
        assert page.complaints == []


@pytest.mark.long
def test_a_special_page_begins_where_it_is_told_and_refuses_what_it_has_not():
    page = special_page("normalization", {"alpha": 0.2, "target": "one"})
    html = page.to_html()
    assert '"name": "alpha", "label": "\\u03b1, learning rate", "value": 0.2' in html
    assert "import {" not in html
    assert 'sandbox="allow-scripts allow-downloads"' in page._repr_html_()
    for name, values, word in (
        ("nothing", None, "there are normalization"),
        ("normalization", {"gamma": 1.0}, "it has alpha"),
        ("normalization", {"sigma": 0.0}, "of at least 0.001"),
        ("normalization", {"steps": 2.5}, "whole number"),
        ("normalization", {"alpha": "much"}, "got 'much'"),
        ("hopfield-retrieval", {"rule": "none"}, "one of projection"),
    ):
        with pytest.raises(InputError, match=word):
            special_page(name, values)
