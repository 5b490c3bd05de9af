"""The words for what a rule does: they differ between continuous time and steps."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Words:
    """Names of things for one kind of rule.

    Attributes:
        kind: `"flow"`, `"map"`, `"diffusion"` or `"kernel"`.
        law: the method that a user writes.
        unit: of time.
        rest: a state of rest.
        rests: several of them.
        orbit: a periodic trajectory.
        eigenvalues: what tells the stability of a state of rest.
        decay: where in the complex plane they lie for a mode that decays.
        rise: the rate at which an energy changes.
        clock: what a moment is counted by.
        chance: what to do about chance that is frozen in such a rule, an imperative.
    """

    kind: str
    law: str
    unit: str
    rest: str
    rests: str
    orbit: str
    eigenvalues: str
    decay: str
    rise: str
    clock: str
    chance: str

    @property
    def is_continuous(self) -> bool:
        """True if time is a real number, rather than a count of steps."""
        return self.clock == "t"

    @property
    def rate(self) -> str:
        """Unit of a rate: "per time unit" or "per step"."""
        return f"per {self.unit}"

    def moment(self, time: float) -> str:
        """Moment in words: "t = 1.25" or "step 3"."""
        return f"t = {time:.3g}" if self.is_continuous else f"step {time:.0f}"


_FLOW = Words(
    kind="flow",
    law="velocity",
    unit="time unit",
    rest="equilibrium",
    rests="equilibria",
    orbit="closed orbit",
    eigenvalues="eigenvalues",
    decay="left of the imaginary axis",
    rise="dE/dt",
    clock="t",
    chance="Write a Diffusion, which has a drift and a noise",
)
_MAP = Words(
    kind="map",
    law="step",
    unit="step",
    rest="fixed point",
    rests="fixed points",
    orbit="cycle",
    eigenvalues="multipliers",
    decay="inside the unit circle",
    rise="E(x⁺) − E(x)",
    clock="step",
    chance="Write a Kernel, whose draw(key, t, state) draws by jax.random",
)

WORDS = {
    words.kind: words
    for words in (
        _FLOW,
        _MAP,
        replace(_FLOW, kind="diffusion", law="drift", chance="Put all chance into its noise"),
        replace(_MAP, kind="kernel", law="draw", chance="Draw by jax.random, from its key"),
    )
}
"""Names of things by kind of rule: `"flow"`, `"map"`, `"diffusion"`, `"kernel"`."""
