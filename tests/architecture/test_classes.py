"""Classes are abstract or final, and what a user may subclass has no fields."""

import dataclasses
import importlib
import inspect
from abc import abstractmethod
from typing import Any

import equinox as eqx
from tests.architecture.house import package

_BASES = ("Rule", "Flow", "Map", "Energy", "Geometry", "Domain", "Chart")


def library_classes() -> list[type]:
    found = set()
    for module in package():
        for value in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(value) and value.__module__.startswith("thalweg"):
                found.add(value)
    return sorted(found, key=lambda cls: (cls.__module__, cls.__qualname__))


def ancestors(cls: type) -> list[type]:
    own = cls.__module__.split(".")[0]
    return [base for base in cls.__mro__[1:] if base.__module__.split(".")[0] == own]


def is_member(value: Any) -> bool:
    """Whether a class attribute is a method or a property."""
    return callable(value) or isinstance(value, property | classmethod | staticmethod)


def is_abstract_member(value: Any) -> bool:
    return getattr(value, "__isabstractmethod__", False)


def is_open(cls: type) -> bool:
    """Whether a class may be subclassed: it is abstract, or says nothing but a common name."""
    says = any(is_member(value) for name, value in vars(cls).items() if not name.startswith("__"))
    fields = dataclasses.is_dataclass(cls) and dataclasses.fields(cls)
    return inspect.isabstract(cls) or not (says or fields)


def broken_rules(cls: type) -> list[str]:
    """What a class does that an abstract-or-final class does not."""
    if issubclass(cls, Exception):  # a family of errors has no behaviour to override
        return []
    name, found = cls.__qualname__, []
    fields = {f.name for f in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else set()
    if inspect.isabstract(cls) and fields:
        found.append(f"{name} is abstract and has fields: {sorted(fields)}")
    for base in ancestors(cls):
        if not is_open(base):
            found.append(f"{name} subclasses the concrete {base.__qualname__}")
        for attribute, value in vars(base).items():
            hidden = attribute.startswith("__") and attribute != "__call__"
            if hidden or not is_member(value):
                continue
            if attribute in vars(cls) and not is_abstract_member(value):
                found.append(f"{name}.{attribute} overrides that of {base.__qualname__}")
            if attribute in fields:
                found.append(f"{name} has a field named like {base.__qualname__}.{attribute}")
    return found


def test_every_class_is_abstract_or_final():
    classes = library_classes()
    assert len(classes) > 20
    assert [broken for cls in classes for broken in broken_rules(cls)] == []


def test_base_classes_are_abstract():
    classes = {cls.__name__: cls for cls in library_classes()}
    assert [name for name in _BASES if not inspect.isabstract(classes[name])] == []


class _Shape(eqx.Module):
    @abstractmethod
    def area(self) -> float: ...

    def double(self) -> float:
        return 2 * self.area()


class _Square(_Shape):
    side: float

    def area(self) -> float:
        return self.side**2


class _Tile(_Square):
    def double(self) -> float:
        return 0.0


class _Named(_Shape):
    double: float  # type: ignore[assignment]

    def area(self) -> float:
        return 0.0


class _Sized(eqx.Module):
    side: float

    @abstractmethod
    def area(self) -> float: ...


def test_a_broken_rule_is_seen():
    assert broken_rules(_Square) == []
    assert broken_rules(_Tile) == [
        "_Tile subclasses the concrete _Square",
        "_Tile.double overrides that of _Shape",
    ]
    assert broken_rules(_Named) == ["_Named has a field named like _Shape.double"]
    assert broken_rules(_Sized) == ["_Sized is abstract and has fields: ['side']"]
