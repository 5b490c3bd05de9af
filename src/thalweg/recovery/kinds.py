"""The kinds of verdict: how strong each is, and how it reads."""

from enum import StrEnum

# Ranks of verdicts, the strongest highest: only their order matters.
_METRIC, _REFUTED, _FALLS, _NOTHING = 3, 2, 1, 0
_LARGER = "a larger region: the statement holds in this one, as far as it was sampled."

# The end of the words for a metric that vanishes, or grows without bound, somewhere on the border.
AT_A_WALL = "zero or infinite at a wall"


class Kind(StrEnum):
    """Kind of a verdict: a string of the contract that knows what it says.

    Attributes:
        strength: of several true statements the strongest is the verdict; the first of equals.
        sentence: what is true.
        words: the same in a few words, as under a figure.
        cure: what would change the answer.
    """

    strength: int
    sentence: str
    words: str
    cure: str

    EUCLIDEAN = (
        "euclidean",
        _METRIC,
        "It is steepest descent of an energy, in the Euclidean metric.",
        "steepest descent of E",
        _LARGER,
    )
    CONSTANT_METRIC = (
        "constant-metric",
        _METRIC,
        "It is steepest descent of an energy, in a constant metric.",
        "steepest descent of E in a constant metric",
        _LARGER,
    )
    DIAGONAL_METRIC = (
        "diagonal-metric",
        _METRIC,
        "It is steepest descent of an energy, in a diagonal metric.",
        "steepest descent of E in a diagonal metric",
        _LARGER,
    )
    GIVEN_METRIC = (
        "given-metric",
        _METRIC,
        "It is steepest descent of an energy, in a metric known beforehand.",
        "steepest descent of E in the metric given",
        _LARGER,
    )
    REFUTED = (
        "refuted",
        _REFUTED,
        "It is not steepest descent of any energy in a continuous metric.",
        "steepest descent of no energy",
        "a region without the witness; within this one, nothing.",
    )
    LYAPUNOV = (
        "lyapunov",
        _FALLS,
        "An energy falls along it; no metric was found in which it is steepest descent.",
        "E falls along the rule (no metric known)",
        "a larger region, or a place that the hunts for a rise of E missed.",
    )
    UNDECIDED = (
        "undecided",
        _NOTHING,
        "No energy was found, and none was excluded.",
        "undecided",
        "an energy (candidates) or a metric (geometries) to try, or a smaller region.",
    )

    def __new__(cls, value: str, strength: int, sentence: str, words: str, cure: str) -> "Kind":
        """The string `value`, with what it carries."""
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.strength, kind.sentence, kind.words, kind.cure = strength, sentence, words, cure
        return kind

    __repr__ = str.__repr__

    @property
    def has_metric(self) -> bool:
        """True if the rule is steepest descent in a metric that is known."""
        return self.strength == _METRIC
