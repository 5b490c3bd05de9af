"""The result of sampling: draws of several chains, and whether to trust them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.errors import InputError
from thalweg.core.extras import not_installed
from thalweg.core.plain import array
from thalweg.core.reports import NotKept, Table, TableReport, about_in
from thalweg.core.tables import capitalized, counted, format_number

# Rows of the table; of more quantities those are shown that are known worst.
_SHOWN = 12
# Above this R̂ the chains do not agree (Vehtari et al. 2021, § 4).
_MOST_RHAT = 1.01
# Effective draws a chain that R̂ and ESS themselves need (the same place).
_FEWEST_EFFECTIVE = 100
# Below this share of accepted proposals a chain hardly moves: steps are too long for any method.
_LEAST_ACCEPTANCE = 0.1


@dataclass(frozen=True, eq=False, repr=False)
class Samples(TableReport):
    """Draws from e^{−E/T}/Z by several chains, and what they are worth.

    What is summarized are the coordinates of a state and its energy; of states with a thousand
    coordinates or more their mean, the magnetization, and the energy.

    Attributes:
        names: of the quantities that are summarized, k of them.
        mean: of each, `(k,)`.
        sd: the standard deviation of each, `(k,)`.
        ess: the effective sample size of each, `(k,)`.
        rhat: R̂ of each, `(k,)`: by what factor all chains together are wider than one.
        acceptances: the mean acceptance probability of each chain, `(chains,)`; empty where nothing
            is proposed.
        divergences: how many proposals of each chain its integrator lost, `(chains,)`; empty where
            nothing can be.
        method: the name of the method.
        temperature: T.
        num_chains: how many chains there are.
        count: how many draws of each.
        warmup: how many steps were thrown away before.
        thin: how many steps there are from one draw to the next.
        notes: what else was seen to be wrong, in sentences.
        about: which energy.
        states: the draws, a pytree whose leaves have the shape `(chains, count, …)`.
        energies: E of each, `(chains, count)`.
        found: what the warm-up of each chain found (a step size), a pytree with a first axis of
            chains, or None.
    """

    names: tuple[str, ...]
    mean: np.ndarray
    sd: np.ndarray
    ess: np.ndarray
    rhat: np.ndarray
    acceptances: np.ndarray
    divergences: np.ndarray
    method: str
    temperature: float
    num_chains: int
    count: int
    warmup: int
    thin: int
    notes: tuple[str, ...] = ()
    about: About = UNSAID
    states: Any = field(default=None, compare=False)
    energies: Any = field(default=None, compare=False)
    found: Any = field(default=None, compare=False)

    def __len__(self) -> int:
        """The number of draws, of all chains together."""
        return self.num_chains * self.count

    @property
    def acceptance(self) -> float:
        """The mean acceptance probability of all chains; NaN where nothing is proposed."""
        return float(np.mean(self.acceptances)) if self.acceptances.size else np.nan

    @property
    def num_divergences(self) -> int:
        """The number of proposals that were lost in all."""
        return int(np.sum(self.divergences))

    @property
    def pooled(self) -> Any:
        """The draws of all chains in one row: a pytree with one axis before those of a state."""
        return jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), self.states)

    @property
    def warnings(self) -> list[str]:
        """Sentences on what is wrong with the draws; empty where nothing was seen."""
        said = list(self.notes)
        disagreeing = np.flatnonzero(self.rhat > _MOST_RHAT)
        if len(disagreeing):
            worst = disagreeing[np.argmax(self.rhat[disagreeing])]
            said.append(
                f"Chains do not agree: R-hat is {self.rhat[worst]:.3g} of {self.names[worst]}"
                f"{_others(len(disagreeing))}. They have not met: a longer warm-up, or a method "
                f"that crosses barriers (ParallelTempering)."
            )
        # What never changed has no ESS, and neither has what is too short.
        stuck = [n for n, x in zip(self.names, self.sd, strict=True) if not x > 0]
        fewest = _FEWEST_EFFECTIVE * self.num_chains
        is_few = ~(self.ess >= fewest) & (self.sd > 0)
        if np.any(is_few):
            worst = int(np.argmin(np.where(is_few, np.nan_to_num(self.ess), np.inf)))
            said.append(
                f"Few independent draws: ESS is {self.ess[worst]:.3g} of {self.names[worst]}"
                f"{_others(int(is_few.sum()))}, of {counted(len(self), 'draw')}; {fewest} are "
                f"wanted. Draw more, or farther apart (thin)."
            )
        if stuck:
            said.append(f"Nothing moved: {', '.join(stuck[:3])}{', …' if stuck[3:] else ''}.")
        if self.num_divergences:
            said.append(
                f"{counted(self.num_divergences, 'proposal')} diverged: some region is too "
                f"steep for the "
                f"steps, and is visited too rarely. Shorter steps (a higher target), or other "
                f"coordinates."
            )
        if self.acceptance < _LEAST_ACCEPTANCE:
            said.append(
                f"Only {self.acceptance:.2g} of the proposals are accepted: steps are too long (or "
                f"temperatures too far apart)."
            )
        return said

    @property
    def title(self) -> str:
        """The law, the method, and how many draws."""
        return (
            f"{counted(len(self), 'draw')} from the law of {self.about.system} at T = "
            f"{format_number(self.temperature)} by {self.method}: "
            f"{counted(self.num_chains, 'chain')} of {self.count:,}"
        )

    def table(self) -> Table:
        """Mean, standard deviation, ESS and R̂ of each quantity; of many, those known worst."""
        header = ["", "mean", "sd", "ESS", "R-hat"]
        order = np.arange(len(self.names))
        if len(order) > _SHOWN:
            worst = np.argsort(np.nan_to_num(self.ess, nan=-1.0), kind="stable")
            order = np.sort(worst[:_SHOWN])
        rows = [
            [
                self.names[k],
                format_number(self.mean[k], 4),
                format_number(self.sd[k], 4),
                _whole(self.ess[k]),
                f"{self.rhat[k]:.3f}" if np.isfinite(self.rhat[k]) else "–",
            ]
            for k in order
        ]
        return header, rows

    def remarks(self) -> list[str]:
        """Acceptance and what is wrong."""
        left = len(self.names) - _SHOWN
        said = (
            [f"{left} more, which {'is' if left == 1 else 'are'} known better."] if left > 0 else []
        )
        told = [f"warm-up {counted(self.warmup, 'step')}"]
        if self.thin > 1:
            told.append(f"{self.thin} steps a draw")
        if self.acceptances.size:
            told.append(f"acceptance {self.acceptance:.3f}")
        if self.divergences.size:
            told.append(counted(self.num_divergences, "divergence"))
        line = ", ".join(told)
        wrong = self.warnings
        return [*said, f"{capitalized(line)}.", *(wrong or ["Nothing wrong was seen."])]

    def data(self) -> dict[str, Any]:
        """The summary as JSON-ready data, without the draws."""
        return {
            "method": self.method,
            "temperature": self.temperature,
            "chains": self.num_chains,
            "count": self.count,
            "warmup": self.warmup,
            "thin": self.thin,
            "names": list(self.names),
            "mean": self.mean.tolist(),
            "sd": self.sd.tolist(),
            "ess": self.ess.tolist(),
            "rhat": self.rhat.tolist(),
            "acceptances": self.acceptances.tolist(),
            "divergences": self.divergences.tolist(),
            "notes": list(self.notes),
            "warnings": self.warnings,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Samples":
        """The summary that `to_dict` wrote; the draws are not kept."""
        return cls(
            names=tuple(data["names"]),
            mean=array(data["mean"]),
            sd=array(data["sd"]),
            ess=array(data["ess"]),
            rhat=array(data["rhat"]),
            acceptances=array(data["acceptances"]),
            divergences=np.asarray(data["divergences"], np.int64),
            method=data["method"],
            temperature=data["temperature"],
            num_chains=data["chains"],
            count=data["count"],
            warmup=data["warmup"],
            thin=data["thin"],
            notes=tuple(data["notes"]),
            about=about_in(data, about),
            states=NotKept("draws"),
            energies=NotKept("energies"),
        )

    def to_xarray(self) -> Any:
        """The draws as an `xarray.Dataset` along `chain` and `draw`, with the variable `energy`.

        A state that is one vector is the variable `state`, along `coordinate` too; of a pytree each
        leaf is a variable.

        Raises:
            InputError: xarray is not installed, or the draws were not kept.
        """
        try:
            import xarray as xr
        except ModuleNotFoundError as error:
            raise InputError(not_installed("Samples.to_xarray", "xarray", "sweeps")) from error
        variables, coordinates = {}, {}
        for name, leaf in self._variables().items():
            own = [f"{name}_{axis}" for axis in range(leaf.ndim - 2)]
            if name == "state" and len(own) == 1 and len(self.about.names) == leaf.shape[-1]:
                own, coordinates["coordinate"] = ["coordinate"], list(self.about.names)
            variables[name] = (["chain", "draw", *own], leaf)
        told = {"system": self.about.system, "method": self.method}
        return xr.Dataset(variables, coordinates, told | {"temperature": self.temperature})

    def to_arviz(self) -> Any:
        """The draws as ArviZ takes them: `InferenceData`, or a `DataTree` from ArviZ 1.0 on.

        The energies are `lp = −E/T` of `sample_stats`.

        Raises:
            InputError: ArviZ is not installed, or the draws were not kept.
        """
        arviz = import_arviz()
        groups = {"posterior": self._variables(), "sample_stats": {"lp": self._log_weights()}}
        posterior = groups["posterior"]
        posterior.pop("energy")
        # Before 1.0 the groups are arguments of their own.
        if int(arviz.__version__.split(".")[0]) >= 1:
            return arviz.from_dict(groups)
        return arviz.from_dict(**groups)

    def _variables(self) -> dict[str, np.ndarray]:
        if isinstance(self.states, NotKept):
            raise InputError("Samples: JSON does not keep draws; sample again for them.")
        leaves = jax.tree_util.tree_flatten_with_path(self.states)[0]
        named = {
            jax.tree_util.keystr(path, simple=True, separator=".") or "state": np.asarray(leaf)
            for path, leaf in leaves
        }
        return named | {"energy": np.asarray(self.energies)}

    def _log_weights(self) -> np.ndarray:
        scale = self.temperature if self.temperature > 0 else 1.0
        return -np.asarray(self.energies) / scale


def import_arviz() -> Any:
    """ArviZ.

    Raises:
        InputError: it is not installed.
    """
    import warnings

    try:
        with warnings.catch_warnings():
            # ArviZ 0.23 announces 1.0 on import.
            warnings.simplefilter("ignore", FutureWarning)
            import arviz
    except ModuleNotFoundError as error:
        raise InputError(not_installed("Samples.to_arviz", "ArviZ", "sampling")) from error
    return arviz


def _others(count: int) -> str:
    return f" (and of {count - 1} more)" if count > 1 else ""


def _whole(value: float) -> str:
    return f"{value:,.0f}" if np.isfinite(value) else "–"
