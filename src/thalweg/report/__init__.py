"""Results as files: the main job in one verb, and a self-contained page with its figures.

`analyze` (as `tw.analyze`) makes an `Analysis`, and `analysis_page` the page of one;
`run_page` is that of a run, `recovery_page` that of a verdict, `basins_page` and
`basin_fractions_page` those of basins. `Page` is the general shape, used by every report: sections
of text, tables and figures. `Page.files()` is what to write, `to_text` what to print.

Names load on first use: who analyses need not import what draws.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thalweg.report.analyze import Analysis as Analysis
    from thalweg.report.basins import (
        basin_fractions_page as basin_fractions_page,
    )
    from thalweg.report.basins import (
        basins_page as basins_page,
    )
    from thalweg.report.page import (
        Code as Code,
    )
    from thalweg.report.page import (
        Facts as Facts,
    )
    from thalweg.report.page import (
        Page as Page,
    )
    from thalweg.report.page import (
        Picture as Picture,
    )
    from thalweg.report.page import (
        Points as Points,
    )
    from thalweg.report.page import (
        Section as Section,
    )
    from thalweg.report.page import (
        Table as Table,
    )
    from thalweg.report.page import (
        Text as Text,
    )
    from thalweg.report.pictures import picture as picture
    from thalweg.report.plain import to_text as to_text
    from thalweg.report.runs import run_page as run_page
    from thalweg.report.sweeps import sweep_page as sweep_page
    from thalweg.report.systems import analysis_page as analysis_page
    from thalweg.report.verdicts import recovery_page as recovery_page
    from thalweg.report.verdicts import symbolic_page as symbolic_page

_NAMES = {
    "thalweg.report.analyze": ("Analysis",),
    "thalweg.report.basins": ("basin_fractions_page", "basins_page"),
    "thalweg.report.page": (
        "Code", "Facts", "Page", "Picture", "Points", "Section", "Table", "Text",
    ),
    "thalweg.report.pictures": ("picture",),
    "thalweg.report.plain": ("to_text",),
    "thalweg.report.runs": ("run_page",),
    "thalweg.report.sweeps": ("sweep_page",),
    "thalweg.report.systems": ("analysis_page",),
    "thalweg.report.verdicts": ("recovery_page", "symbolic_page"),
}  # fmt: skip
_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        from thalweg.core.nearby import missing

        raise missing("thalweg.report", name, __all__)
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value
