"""The tool that builds the site, as a module."""

import importlib.util
from types import ModuleType

from tests.architecture.house import ROOT


def load_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_site", ROOT / "tools" / "build_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
