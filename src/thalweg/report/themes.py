"""Figures of a page in the dark: colours of paper and ink that follow the reader's choice.

The files beside a page keep plain colours, which every program reads; only the copies inside it
have variables. What means something (a kind, a height, a curve) keeps its hue, and is lighter on
dark paper where it would be too dim.
"""

import re

# The colours of matplotlib's drawing by what they are for: on white paper, and on dark.
_COLOURS = {
    "paper": ("#ffffff", "#15181b"),
    "ink": ("#000000", "#e6e6e6"),
    "edge": ("#222222", "#dcdcdc"),
    "quiet": ("#555555", "#a9adb3"),
    "pale": ("#d9d9d9", "#3a3e45"),
    "blue": ("#0072b2", "#4aa8e0"),
    "brown": ("#8c564b", "#c98d80"),
    "violet": ("#4d4d9a", "#a3a3ee"),
}
_HUES = ("blue", "brown", "violet")
_BACKGROUND = re.compile(r'(<g id="patch_\d+">\s*<path d="[^"]*" style="fill: )#ffffff')
_OPEN = re.compile(r"fill: #ffffff; stroke: #222222")


def themed(svg: str) -> str:
    """A drawing whose paper, ink and dim colours follow dark and light.

    Arguments:
        svg: what matplotlib wrote.
    """
    found = _BACKGROUND.sub(r"\1var(--paper)", svg)
    found = _OPEN.sub("fill: var(--paper); stroke: var(--edge)", found)
    for name, (colour, _) in _COLOURS.items():
        if name in _HUES and "<image" in found:  # areas in pixels keep theirs, and so do their keys
            found = found.replace(f"stroke: {colour}", f"stroke: var(--{name})")
        elif name != "paper":  # white lines on a landscape stay white
            found = found.replace(f": {colour}", f": var(--{name})")
    return found.replace("</style>", f"{_rules()}</style>", 1)


def _rules() -> str:
    """The variables; letters have no colour of their own, and take the ink."""
    light, dark = (
        "".join(f"--{name}:{pair[i]};" for name, pair in _COLOURS.items()) for i in (0, 1)
    )
    return (
        f"svg{{{light}fill:var(--ink)}}"
        f"@media (prefers-color-scheme: dark){{svg{{{dark}}}}}"
        f"@media print{{svg{{{light}}}}}"
    )
