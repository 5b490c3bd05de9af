"""What the reference needs to know of our classes: an extension of griffe, which reads the source.

The fields of an `equinox.Module` are the arguments of its constructor, as those of a dataclass are;
a section `Example:` holds code; and a default that is a named number is shown as the number.
"""

import importlib
import re
from typing import Any

import griffe  # pyright: ignore[reportMissingImports]  # of the docs group alone


class OurClasses(griffe.Extension):
    """Constructors from fields, and examples as code."""

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Give a class without a constructor the one that its fields make."""
        fields = [
            member
            for member in cls.members.values()
            if isinstance(member, griffe.Attribute)
            and member.annotation is not None
            and "property" not in member.labels
            # Not of a `ClassVar`, whose annotation griffe gives without that word.
            and "instance-attribute" in member.labels
        ]
        if "__init__" in cls.members or not fields:
            return
        either = griffe.ParameterKind.positional_or_keyword
        own = griffe.Parameter("self", kind=either)
        given = [
            griffe.Parameter(
                f.name,
                annotation=f.annotation,
                kind=either,
                default=_spelled_out(_default(f), cls.module),
            )
            for f in fields
        ]
        made = griffe.Function("__init__", parameters=griffe.Parameters(own, *given))
        cls.set_member("__init__", made)

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Name the section of examples as griffe knows it; what is returned has its type."""
        if isinstance(obj, griffe.Attribute):
            obj.value = _made_plainly(obj.value, obj.module)
        if isinstance(obj, griffe.Function):
            for parameter in obj.parameters:
                parameter.default = _spelled_out(parameter.default, obj.module)
        if obj.docstring is None:
            return
        text = re.sub(r"^Example:$", "Examples:", obj.docstring.value, flags=re.MULTILINE)
        if isinstance(obj, griffe.Function) and obj.returns is not None:
            # Else griffe takes the words before a colon for the type.
            first = rf"^(Returns:\n +)(?!{re.escape(str(obj.returns))}: )(?=.*:)"
            text = re.sub(first, lambda m: f"{m[1]}{obj.returns}: ", text, flags=re.MULTILINE)
        obj.docstring.value = text


def _made_plainly(value: Any, module: griffe.Module) -> Any:
    """The value of an attribute: of `field(default_factory=lambda: x)` x; none of private names."""
    for part in value.arguments if isinstance(value, griffe.ExprCall) else ():
        if isinstance(part, griffe.ExprKeyword) and isinstance(part.value, griffe.ExprLambda):
            part.name, part.value = "default", part.value.body
        if isinstance(part, griffe.ExprKeyword) and part.name == "default":
            part.value = _spelled_out(part.value, module)
    own = re.search(r"(?<![\w.])_[A-Z]", str(value)) and isinstance(value, griffe.ExprDictComp)
    return None if own else value


def _spelled_out(default: Any, module: griffe.Module) -> Any:
    """A default, or what the constant of a module by which it is called stands for.

    Numbers are shown whatever they are called; what else has a private name, as the source makes
    it.
    """
    name = str(default)
    if not re.fullmatch(r"_?[A-Z][A-Z0-9_]*", name):
        return default
    value = getattr(importlib.import_module(module.path), name, None)
    if isinstance(value, int | float):
        return repr(value)
    own = module.members.get(name) if name.startswith("_") else None
    return getattr(own, "value", None) or default


def _default(attribute: griffe.Attribute) -> Any:
    """The default of a field, which `field(default=…)` holds inside, as `_array([1.0])` does."""
    value = attribute.value
    if isinstance(value, griffe.ExprCall) and str(value.function).startswith("_"):
        given = value.arguments
        return given[0] if len(given) == 1 else griffe.ExprTuple(given)
    if not isinstance(value, griffe.ExprCall) or not str(value.function).endswith("field"):
        return value
    named = [a for a in value.arguments if isinstance(a, griffe.ExprKeyword)]
    return next((a.value for a in named if a.name == "default"), None)
