"""The command line as `python -m thalweg`, for where its script is not on the path."""

from thalweg.cli.main import run

if __name__ == "__main__":
    run()
