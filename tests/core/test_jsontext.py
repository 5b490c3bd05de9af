"""Results as JSON text."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.jsontext import clean, to_text
from thalweg.core.parameters import parameters
from thalweg.core.plain import from_pairs, pairs


def test_numbers_that_are_not_finite_are_null_and_said():
    result = {"a": [1.0, np.nan], "b": {"c": np.float64(np.inf)}, "warnings": ["first"]}
    cleaned = clean(result)
    assert cleaned["a"] == [1.0, None]
    assert cleaned["b"] == {"c": None}
    assert cleaned["warnings"] == [
        "first",
        "Not finite, written as null: a[1] (nan), b.c (inf).",
    ]
    assert result["warnings"] == ["first"]


def test_complex_numbers_that_are_not_finite_are_null_part_by_part():
    values = np.array([complex(-np.inf, 1.0), 2.0 + 0.5j])
    cleaned = clean({"one": complex(2.0, np.nan), "many": values})
    assert cleaned["one"] == [2.0, None]
    assert cleaned["many"] == [[None, 1.0], [2.0, 0.5]]
    assert cleaned["warnings"] == ["Not finite, written as null: one[1] (nan), many[0][0] (-inf)."]


@dataclass
class Mode:
    """Parameters of every kind of number."""

    rate: Any
    gains: Any


def test_parameters_that_are_not_finite_are_null():
    found = parameters({"mode": Mode(complex(1.0, np.inf), np.array([np.nan, 2.0]))})
    cleaned = clean({"parameters": found})
    assert cleaned["parameters"] == {"mode.rate": [1.0, None], "mode.gains": [None, 2.0]}
    assert len(cleaned["warnings"]) == 1


def test_pairs_read_back_what_is_not_finite_part_by_part():
    given = np.array([complex(np.inf, 0.0), complex(1.0, np.nan), complex(-2.0, -np.inf), 3.0j])
    np.testing.assert_array_equal(from_pairs(pairs(given)), given)
    assert from_pairs([]).shape == (0,)
    (read,) = from_pairs([[None, 2.0]])
    assert np.isnan(read.real)
    assert read.imag == 2.0


def test_arrays_and_numpy_numbers_are_plain():
    cleaned = clean({"x": np.eye(2), "n": np.int64(3), "t": np.bool_(True), "z": 1 + 2j})
    assert cleaned == {"x": [[1.0, 0.0], [0.0, 1.0]], "n": 3, "t": True, "z": [1.0, 2.0]}
    assert type(cleaned["n"]) is int
    assert type(cleaned["t"]) is bool


def test_text_reads_back_and_short_rows_stay_on_a_line():
    data = {
        "ä": [[0.1, 1e-300], [-0.0, 1 / 3]],
        "deep": {"list": [{"state": [1.0, 2.0], "kind": "sink"}] * 4, "empty": [], "none": {}},
        "long": [1 / 3] * 30,
        "text": 'quo"te',
    }
    text = to_text(data)
    assert json.loads(text) == data
    assert '  "ä": [[0.1, 1e-300], [-0.0, 0.3333333333333333]]' in text.splitlines()[1]
    assert max(map(len, text.splitlines())) <= 110
