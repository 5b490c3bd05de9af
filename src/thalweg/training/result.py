"""The result of a fit: the model, a record of each epoch, and where it left the finite."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from thalweg.core.about import UNSAID, About
from thalweg.core.codes import Result, code_name
from thalweg.core.fields import from_fields, to_fields
from thalweg.core.reports import NotKept, Table, TableReport, about_in
from thalweg.core.tables import format_number
from thalweg.training.failures import Failure

_SHOWN = 10  # epochs of a table


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of a fit in numbers.

    Attributes:
        epoch: counted from 1.
        loss: the mean loss of its steps, each before its update.
        metrics: the means of what the loss function reported beside the loss.
        evaluation: what `evaluate` returned after the epoch.
        seconds: how long it took, without the evaluation.
        samples: how many its steps saw.
    """

    epoch: int
    loss: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    evaluation: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    samples: int = 0

    @property
    def throughput(self) -> float:
        """Samples a second."""
        return self.samples / self.seconds if self.seconds > 0.0 else float("nan")


@dataclass(frozen=True, eq=False, repr=False)
class Fitted(TableReport):
    """A fitted model and how it came about.

    Attributes:
        model: the model after the last complete epoch; JSON does not keep it.
        history: one record an epoch.
        result: `successful`, `settled` where `stop` ended it early, or `diverged`.
        failure: where it diverged, else None.
        resumed_from: the epoch that a checkpoint brought back, 0 if there was none.
        about: the name of the model.
    """

    model: Any = field(compare=False)
    history: tuple[EpochRecord, ...]
    result: Result
    failure: Failure | None
    resumed_from: int
    about: About = UNSAID

    @property
    def title(self) -> str:
        """The model, and how far it was fitted."""
        count = len(self.history)
        epochs = f"{count} epoch{'s' * (count != 1)}"
        return f"Fit of {self.about.system or 'a model'}: {epochs}, {code_name(self.result)}"

    def table(self) -> Table | None:
        """The losses and metrics of the last epochs."""
        if not self.history:
            return None
        names = list(dict.fromkeys(name for record in self.history for name in record.metrics))
        shown = self.history if len(self.history) <= _SHOWN else self.history[-_SHOWN:]
        rows = [
            [str(r.epoch), format_number(r.loss), *(_cell(r.metrics.get(name)) for name in names)]
            for r in shown
        ]
        return ["epoch", "loss", *names], rows

    def remarks(self) -> list[str]:
        """Sentences on where it went on from, and where it left the finite."""
        said = [f"Gone on from epoch {self.resumed_from}."] if self.resumed_from else []
        if self.failure is not None:
            where = f"epoch {self.failure.epoch}, step {self.failure.step}"
            said.append(f"The {self.failure.origin} left the finite in {where}.")
        return said

    def data(self) -> dict[str, Any]:
        """The fields but the model."""
        return to_fields(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Fitted":
        """The fit that `to_dict` wrote, without the model."""
        return from_fields(cls, data, model=NotKept("model"), about=about_in(data, about))


def _cell(value: Any) -> str:
    """A metric of an epoch: empty where it has none."""
    return "" if value is None else format_number(value)
