"""The table of planted faults: each can still be planted, in front of tests that are there."""

import importlib.util
import sys

from tests.architecture.house import ROOT


def test_each_fault_has_its_text_and_its_tests(monkeypatch):
    spec = importlib.util.spec_from_file_location("plant_faults", ROOT / "tools/plant_faults.py")
    assert spec is not None
    assert spec.loader is not None
    planter = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "plant_faults", planter)  # dataclasses look it up
    spec.loader.exec_module(planter)
    for fault in planter.read_table(planter.TABLE):
        assert fault.planted_in((ROOT / fault.file).read_text())  # raises where its text is gone
        assert [test for test in fault.tests if not (ROOT / test.split("::")[0]).exists()] == []
