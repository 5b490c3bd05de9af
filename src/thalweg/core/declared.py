"""Declarations that a rule or an energy may make about itself.

The declarations are optional and live on the class (or in a property), not in fields, so no base
class has to define them: this module is the one place that looks for them.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.core.trees import Layout


def declared_domain(owner: Any) -> Domain | None:
    """The default region that a rule or an energy declares, or None.

    Raises:
        InputError: `domain` is declared, but is not a domain.
    """
    domain = getattr(owner, "domain", None)
    if domain is not None and not isinstance(domain, Domain):
        raise InputError(
            f"{type(owner).__name__}.domain must be a domain such as Box(lower, upper), "
            f"got {domain!r}."
        )
    return domain


def domain_of(part: str) -> property:
    """A property of a class: the domain that its field `part` declares, or None."""
    return property(lambda self: declared_domain(getattr(self, part)), doc=f"That of `{part}`.")


def names_of(part: str) -> property:
    """A property of a class: the `state_names` that its field `part` declares, or None."""
    return property(lambda self: declared_labels(getattr(self, part)), doc=f"Those of `{part}`.")


def checks_of(part: str) -> Callable[..., None]:
    """A method of a class: the `check_state` of its field `part`."""

    def check_state(self: Any, state: Any, name: str = "state") -> None:
        check_states(getattr(self, part), state, name)

    check_state.__doc__ = f"""Refuse what is no state of `{part}`, with an InputError."""
    return check_state


def declared_start(owner: Any) -> Any:
    """The state that a rule declares to begin in, as `start`, or None; a field is none."""
    is_field = dataclasses.is_dataclass(owner) and "start" in {
        field.name for field in dataclasses.fields(owner)
    }
    start = None if is_field else getattr(owner, "start", None)
    return None if callable(start) else start


def declared_energy(rule: Any) -> Callable[[Any], Any] | None:
    """The energy `state → scalar` that a rule declares, or None."""
    energy = getattr(rule, "energy", None)
    return energy if callable(energy) else None


def has_symmetric_jacobian(rule: Any) -> bool:
    """True where a rule declares that its Jacobian is symmetric at every state."""
    return bool(getattr(rule, "has_symmetric_jacobian", False))


def check_states(owner: Any, states: Any, name: str) -> None:
    """Let an owner that declares `check_state(states, name)` refuse what is no state of it."""
    check = getattr(owner, "check_state", None)
    if callable(check):
        check(states, name)


def declared_labels(owner: Any) -> tuple[str, ...] | None:
    """The `state_names` that a rule or an energy declares, or None."""
    names = getattr(owner, "state_names", None)
    if names is None:
        return None
    return (names,) if isinstance(names, str) else tuple(str(name) for name in names)


def declared_names(owner: Any, layout: Layout) -> list[str]:
    """One label a coordinate of the state: the declared `state_names`, or `x[0]`, `x[1]`, ….

    Raises:
        InputError: the number of names is not the number of coordinates.
    """
    names = declared_labels(owner)
    if names is None:
        return layout.labels()
    if len(names) != layout.size:
        raise InputError(
            f"{type(owner).__name__}.state_names has {counted(len(names), 'name')} {names}, but "
            f"the state has {counted(layout.size, 'coordinate')}."
        )
    return list(names)
