"""Tables of text keep to the width, whatever is in them."""

import pytest

from thalweg.core.tables import counted, format_table, wrap

HEADER = ["kind", "form", "state", "energy", "eigenvalues"]
LONG = ["continuum (1-d)", "", "(-0.00029064, 0.99979, 1.4142, … 5 more)", "-2.5917", "0, -1, …, 2"]
SHORT = ["saddle", "", "(0, 0, 0, … 5 more)", "0", "2, 2, …, -1"]


@pytest.mark.parametrize("width", [60, 72, 80, 120])
def test_a_table_fits_and_loses_nothing(width):
    lines = format_table(HEADER, [LONG, SHORT], width).splitlines()
    assert max(map(len, lines)) <= width
    words = " ".join(lines).split()
    for cell in (*LONG, *SHORT):
        assert all(word in words for word in cell.split())


def test_a_column_in_which_nothing_is_said_is_left_out():
    top, rule, *rows = format_table(HEADER, [LONG, SHORT], 120).splitlines()
    assert "form" not in top
    assert len(rule.split()) == 4
    assert len(rows) == 2
    assert "form" in format_table(HEADER, [[*SHORT[:1], "node", *SHORT[2:]]], 120)


def test_the_last_column_is_wrapped_under_itself():
    table = format_table(["level", "found"], [["one", "some words that go on and on"]], 20)
    assert table.splitlines()[2:] == ["one    some words", "       that go on", "       and on"]


@pytest.mark.parametrize("unit", ["95 %", "-0.77 ± 1.2i", "t = 5.46", "12 ms"])
@pytest.mark.parametrize("width", range(40, 60))
def test_a_number_keeps_to_its_unit_and_its_error(unit, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    text = f"A random start finds a new one with probability ({unit} say) below this."
    lines = wrap(text).splitlines()
    assert max(map(len, lines)) <= width
    assert any(unit in line for line in lines)
    assert " ".join(line.strip() for line in lines) == text
    table = format_table(["a", "b"], [["one", text]])
    assert unit in table
    assert max(map(len, table.splitlines())) <= width


def test_one_thing_is_counted_in_the_singular():
    assert [counted(n, "point") for n in (0, 1, 2)] == ["0 points", "1 point", "2 points"]
    assert counted(1, "box", "boxes") == "1 box"
    assert counted(1234, "box", "boxes") == "1,234 boxes"
