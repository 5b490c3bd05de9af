"""A room imports only from the floors below it, and no module imports itself by a detour."""

import ast
import pathlib
import textwrap

from tests.architecture.house import (
    FLOORS,
    PARTS,
    ROOT,
    SOURCE,
    Module,
    imported_names,
    package,
    target,
    where,
)

import thalweg


def misplaced(modules: tuple[Module, ...]) -> list[str]:
    found = []
    for module in modules:
        if not module.room:
            continue
        for dotted, line in imported_names(module):
            if dotted.split(".")[0] != "thalweg" or dotted == "thalweg.__version__":
                continue
            home = thalweg._HOME.get(dotted.removeprefix("thalweg."), dotted)
            room = home.split(".")[1] if "." in home else ""
            if room == module.room:
                continue
            if FLOORS.get(room, len(FLOORS)) >= FLOORS[module.room]:
                found.append(f"{where(module, line)} ({module.room}) imports {dotted}")
    return found


def out_of_order(modules: tuple[Module, ...]) -> list[str]:
    """Imports inside a room that has sub-rooms, from a part that does not stand before."""
    found = []
    for module in modules:
        order = PARTS.get(module.room, ())
        if module.part not in order:  # what has no place in the order fails the test above
            continue
        for dotted, line in imported_names(module):
            parts = target(dotted).split(".")
            if parts[:2] != ["thalweg", module.room]:
                continue
            part = parts[2] if len(parts) > 2 else ""
            if part == module.part:
                continue
            # The room itself imports its parts: none of them may import it.
            if part not in order or order.index(part) >= order.index(module.part):
                found.append(f"{where(module, line)} ({module.part}) imports {dotted}")
    return found


def circle(graph: dict[str, set[str]]) -> list[str]:
    """The first circle found, as a path that ends where it starts; empty if there is none."""
    finished: set[str] = set()

    def walk(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in finished:
            return []
        for following in sorted(graph.get(node, ())):
            if found := walk(following, [*path, node]):
                return found
        finished.add(node)
        return []

    return next((found for start in sorted(graph) if (found := walk(start, []))), [])


def import_graph(modules: tuple[Module, ...]) -> dict[str, set[str]]:
    # The top of the package names everything, lazily: it is no part of the graph.
    return {
        module.name: {
            target(dotted)
            for dotted, _ in imported_names(module)
            if dotted.startswith("thalweg.") and target(dotted) not in ("thalweg", module.name)
        }
        for module in modules
        if module.room
    }


def made_up(name: str, text: str) -> Module:
    text = textwrap.dedent(text)
    path = SOURCE / (name.replace(".", "/") + ".py")
    return Module(name, path, text, ast.parse(text))


def test_every_room_has_a_floor():
    rooms = {module.room for module in package()} - {""}
    assert rooms <= set(FLOORS)


def test_rooms_import_only_from_lower_floors():
    assert misplaced(package()) == []


def test_rooms_with_sub_rooms_name_their_parts():
    inside: dict[str, set[str]] = {}
    for module in package():
        if module.part:
            inside.setdefault(module.room, set()).add(module.part)
    folders = {m.room for m in package() if len(m.name.split(".")) > 3}
    assert folders == set(PARTS)
    assert {room: inside[room] for room in PARTS} == {room: set(PARTS[room]) for room in PARTS}


def test_parts_import_only_from_parts_before_them():
    assert out_of_order(package()) == []


def test_a_part_out_of_order_is_seen():
    above = made_up("thalweg.recovery.verdict", "from thalweg.recovery.forms import exactness")
    assert len(out_of_order((above,))) == 1
    inside = made_up("thalweg.recovery.forms.example", "import thalweg.recovery.forms.definite")
    assert out_of_order((inside,)) == []


def test_no_circles():
    assert circle(import_graph(package())) == []


def test_a_misplaced_import_is_seen_wherever_it_hides():
    hidden = """
    from typing import TYPE_CHECKING
    if TYPE_CHECKING:
        from thalweg.analysis import Problem
    def late():
        from thalweg import Flow
        from ..dynamics.rules import Map
        import thalweg
    """
    found = misplaced((made_up("thalweg.core.example", hidden),))
    lines = [entry.split(":")[1].split(" ")[0] for entry in found]
    assert lines == ["4", "6", "7", "8"]
    same_floor = made_up("thalweg.data.example", "import thalweg.geometry.base")
    assert len(misplaced((same_floor,))) == 1
    below = made_up("thalweg.dynamics.example", "from thalweg.core import errors")
    assert misplaced((below,)) == []


def test_a_circle_is_seen():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_every_folder_of_modules_says_what_it_is_for():
    """Without `__init__.py` a folder is left out of the reference."""
    folders = {module.path.parent for module in package()}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_tests_lie_where_what_they_test_lies():
    """Besides the tests of the whole: of the house, and of the contracts that all rules keep."""
    tests = ROOT / "tests"
    folders = {path.parent.relative_to(tests) for path in tests.rglob("test_*.py")}
    others = {pathlib.Path("architecture"), pathlib.Path("contract")}
    assert [str(f) for f in folders - others if not (SOURCE / "thalweg" / f).is_dir()] == []
    rooms = {m.path.parent.relative_to(SOURCE / "thalweg") for m in package()}
    bare = {room for room in rooms if not any((tests / room).rglob("test_*.py"))}
    assert sorted(map(str, bare)) == ["recovery/metrics/diagonal_weights"]  # the level's tests do
