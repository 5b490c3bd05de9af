"""The JavaScript that is shipped: small modules, no circles, no code made of text."""

import re
from importlib import resources

from thalweg.explorer.bundle import (
    CORE,
    PAGE,
    core_script,
    module_text,
    order,
    page_script,
    special_script,
)
from thalweg.explorer.special.table import SUBJECTS, read_subject

FOLDER = resources.files("thalweg.explorer").joinpath("browser")
NAMES = sorted(f.name.removesuffix(".js") for f in FOLDER.iterdir() if f.name.endswith(".js"))
_LONGEST = 300


def test_modules_are_short_and_every_one_is_used():
    lengths = {name: module_text(name).count("\n") for name in NAMES}
    assert max(lengths.values()) < _LONGEST, lengths
    special = [name for page in SUBJECTS for name in order(read_subject(page).module)]
    assert sorted({*order(CORE), *order(PAGE), *special}) == NAMES


def test_no_text_becomes_code_or_markup():
    forbidden = r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write"
    for name in NAMES:
        assert not re.search(forbidden, module_text(name)), name


def test_what_computes_touches_no_page():
    for name in order(CORE):
        assert "document." not in module_text(name), name


def test_modules_come_after_what_they_import_and_nothing_is_left_to_import():
    special = [read_subject(page).module for page in SUBJECTS]
    for first in (CORE, PAGE, *special):
        done = []
        for name in order(first):
            needed = re.findall(r'from "\./(\w+)\.js"', module_text(name))
            assert set(needed) <= set(done), name
            done.append(name)
    made = [special_script(module, "{}") for module in special]
    for script in (core_script("{}", "{}"), page_script(), *made):
        assert not re.search(r"^\s*(import|export) ", script, re.MULTILINE)
        assert "</script" not in script
