"""Messages of the library in the spelling of the command line: `--duration` for `duration=…`."""

import re

_NAMES = "duration|steps|dt|save|rtol|atol"  # arguments of runs that are options of that name
_WRITTEN = {
    rf"\b({_NAMES})=…": r"--\1",
    rf"\b({_NAMES}) = (-?\d[\w.+-]*\b)": r"--\1 \2",
    rf"\b(instead of|leave out|either|or|loosen) ({_NAMES})\b": r"\1 --\2",
}


def in_options(text: str) -> str:
    """A message about a run, with the arguments that are options written as such."""
    if text.startswith("simulate: "):
        for python, typed in _WRITTEN.items():
            text = re.sub(python, typed, text)
    return text
