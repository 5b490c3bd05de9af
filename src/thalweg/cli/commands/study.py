"""`thalweg study`: one table or figure of a source, end to end."""

from pathlib import Path
from typing import Annotated

import typer

from thalweg.cli.parse.completion import complete_study
from thalweg.cli.parse.options import (
    DebugOption,
    JsonOption,
    OutOption,
    QuietOption,
    SeedOption,
    SetOption,
)
from thalweg.cli.session import session

StudyArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A study; `thalweg list` shows all of them.",
        autocompletion=complete_study,
    ),
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", metavar="PATH", help="The file or folder that the study reads."),
]
DigitsOption = Annotated[
    bool,
    typer.Option(
        "--digits", metavar="", help="Instead of --data: the small digits that scikit-learn brings."
    ),
]
QuickOption = Annotated[
    bool,
    typer.Option("--quick", metavar="", help="The same study, small: seconds instead of minutes."),
]

_OPTIONS = {"seed": "--seed", "data": "--data", "folder": "--out"}  # settings with one of their own


def study(
    name: StudyArgument,
    settings: SetOption = None,
    data: DataOption = None,
    digits: DigitsOption = False,
    quick: QuickOption = False,
    seed: SeedOption = 0,
    out: OutOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Reproduce one table or figure of a source.

    Prints its tables, and writes result.json, the figures and report.html. The JSON has the keys
    `schema`, `version`, `study`, `settings` (all of them), `seed`, `data` (a name), `values` (the
    study's own) and `warnings`.

    Examples: `thalweg study normalization-stability`, `thalweg study deep-linear-modes --quick`.
    """
    with session(out, as_json, quiet, debug) as current:
        import inspect

        from thalweg import __version__
        from thalweg.cli.parse.settings import arguments, split_settings, unknown
        from thalweg.core.errors import InputError
        from thalweg.core.progress import quiet as no_progress
        from thalweg.studies.registry import find

        entry = find(name)
        function = entry.load()
        parameters = inspect.signature(function).parameters
        taken = [n for n in parameters if n not in _OPTIONS]
        presets = {"seed": seed, **(entry.quick if quick else {})}
        if "data" in parameters:
            presets["data"] = data
            if data is not None:
                presets.pop("digits", None)  # the small images that --quick would take instead
        elif data is not None:
            raise InputError(f"--data: the study {name} reads no files.")
        if digits and "digits" not in parameters:
            raise InputError(f"--digits: the study {name} has no choice of images.")
        if digits:
            presets["digits"] = True
        asked = split_settings(settings or ())
        for setting, option in _OPTIONS.items():
            if setting in asked and setting in parameters:
                raise InputError(f"--set {setting}: there is an option for it, {option}.")
        given, others = arguments(function, asked, presets, name)
        for path in others:
            raise unknown(path, taken, f"the study {name}")
        current.open_folder(name)
        if "folder" in parameters:
            given["folder"] = current.folder
        with no_progress(quiet):
            outcome = function(**given)
        result = {
            "schema": 1,
            "version": __version__,
            "study": name,
            "settings": {key: given.get(key, parameters[key].default) for key in taken},
            "seed": seed,
            "data": None if data is None else data.name,
            "values": outcome.values,
            "warnings": list(outcome.warnings),
        }
        current.finish(result, str(outcome), outcome.report.files)
