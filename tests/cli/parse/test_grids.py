"""The words of `--grid` and `--shard`."""

import pytest

from thalweg.cli.parse.grids import read_grid, read_shard
from thalweg.core.errors import InputError


def test_spans_and_lists():
    found = read_grid(["a=0:1:3", "weights[0,1]=2", "b.c=-1,0.5"])
    assert {name: values.tolist() for name, values in found.items()} == {
        "a": [0.0, 0.5, 1.0],
        "weights[0,1]": [2.0],
        "b.c": [-1.0, 0.5],
    }
    assert read_grid(["a=1:1:1"])["a"].tolist() == [1.0]


@pytest.mark.parametrize(
    "text", ["a", "=0:1:3", "a=0:1", "a=0:1:0", "a=0:1:x", "a=0:1:1", "a=0:1:2.5", "a=x", "a=1,,2"]
)
def test_what_is_no_grid(text):
    with pytest.raises(InputError, match="NAME=FROM:TO:COUNT"):
        read_grid([text])


def test_none_and_twice():
    with pytest.raises(InputError, match="a parameter at least"):
        read_grid(None)
    with pytest.raises(InputError, match="twice"):
        read_grid(["a=0:1:3", "a=1"])


def test_shards():
    assert read_shard("3/8") == (3, 8)
    assert read_shard(None) == (1, 1)


@pytest.mark.parametrize("text", ["3", "0/8", "9/8", "a/b", "1/0"])
def test_what_is_no_shard(text):
    with pytest.raises(InputError, match="I/N"):
        read_shard(text)
