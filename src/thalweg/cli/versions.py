"""Versions of what computes."""

import platform
from importlib import metadata

_PACKAGES = (
    "jax", "jaxlib", "equinox", "diffrax", "optimistix", "lineax", "optax", "jaxtyping", "numpy",
    "matplotlib", "typer", "rich",
)  # fmt: skip


def versions() -> dict[str, str | None]:
    """The versions of thalweg, Python and the libraries that compute, None where missing."""
    own = {"thalweg": version_of("thalweg"), "python": platform.python_version()}
    return own | {name: version_of(name) for name in _PACKAGES}


def installed() -> dict[str, str]:
    """The same in words: `"missing"` where there is none."""
    return {name: version or "missing" for name, version in versions().items()}


def version_of(name: str) -> str | None:
    """The version of an installed package, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
