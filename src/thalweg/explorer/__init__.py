"""A page that moves with its sliders: a rule's formulas as JavaScript, drawn by the browser.

`explore` (as `tw.explore`) makes an `Explorer`, `PageServer` lets it ask Python; `read_system`
reads a rule for it. `special_page` makes the pages of three models whose states are no plane.
`printing` prints programs, `bundle` joins the modules of `browser`, `page` makes one file of them,
`questions` answers what only Python can.

Names load on first use.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thalweg.explorer.explorer import Explorer as Explorer
    from thalweg.explorer.explorer import explore as explore
    from thalweg.explorer.questions import drawn_diagram as drawn_diagram
    from thalweg.explorer.server import PageServer as PageServer
    from thalweg.explorer.specials import SpecialPage as SpecialPage
    from thalweg.explorer.specials import special_page as special_page
    from thalweg.explorer.system import read_system as read_system

_HOME = {
    "Explorer": "thalweg.explorer.explorer",
    "PageServer": "thalweg.explorer.server",
    "SpecialPage": "thalweg.explorer.specials",
    "drawn_diagram": "thalweg.explorer.questions",
    "explore": "thalweg.explorer.explorer",
    "read_system": "thalweg.explorer.system",
    "special_page": "thalweg.explorer.specials",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        from thalweg.core.nearby import missing

        raise missing("thalweg.explorer", name, __all__)
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value
