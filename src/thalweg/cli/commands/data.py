"""`thalweg data`: fetching data sets."""

from pathlib import Path
from typing import Annotated

import typer

from thalweg.cli.parse.options import DebugOption, JsonOption, QuietOption
from thalweg.cli.session import session

app = typer.Typer(no_args_is_help=True, help="Fetch data sets that studies read.")


@app.callback()
def _data() -> None:
    pass


@app.command("mnist")
def mnist(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files shall lie.")],
    url: Annotated[
        str | None, typer.Option("--from", metavar="URL", help="A server's folder of the files.")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Fetch the four files of MNIST (11 MB), and check them.

    What is there is not fetched again; a transfer that broke off goes on where it stopped.
    """
    with session(as_json=as_json, quiet=quiet, debug=debug) as current:
        from thalweg.core.progress import quiet as no_progress
        from thalweg.data.fetch import MNIST_URL, fetch_mnist

        with no_progress(quiet):
            paths = fetch_mnist(folder, url or MNIST_URL)
        current.finish(
            {"schema": 1, "files": [str(path) for path in paths]},
            f"{folder} holds MNIST: {', '.join(path.name for path in paths)}.",
        )
