"""Normalization reweighting: tuning curves and W while α, β, b and σ move."""

from thalweg.explorer.special.subject import Choice, Dial, Subject

# Enough for smooth tuning curves, and few enough for W to be seen.
_NEURONS = 24
_CONCENTRATION = 2.0  # κ of drives and pools, the default of `VonMises`


def subject() -> Subject:
    """Data of the page about reweighting, of `models.normalization`."""
    return Subject(
        "normalization",
        "Normalization reweighting",
        "Orientation-tuned neurons adapt to a grating: their normalization weights W change.",
        "Tuning curves",
        "A grating of contrast c drives each neuron by r = max(c f + b, 0)², f being its tuning "
        "to the orientation; its output is R = r / (σ² + W r / n). Each step moves W to "
        "W + α (R Rᵀ − C) + β (W − C), from W₀ the identity. The target C is the mean of R Rᵀ at "
        f"W₀ over the gratings chosen. Here n = {_NEURONS}, and f is a von Mises curve with κ = "
        f"{_CONCENTRATION:g}. The page computes every step, as thalweg.models.normalization does.",
        "normalization",
        (
            Dial("alpha", "α, learning rate", 0.01, 0.0, 0.05, least=0.0),
            Dial("beta", "β, leak (< 0) or push (> 0)", -0.01, -0.2, 0.05),
            Dial("baseline", "b, baseline", 0.2, -0.5, 1.0),
            Dial("sigma", "σ, semi-saturation", 0.6, 0.1, 2.0, least=1e-3),
            Dial("contrast", "contrast of the adaptor", 1.0, 0.0, 2.0, least=0.0),
            Dial("orientation", "orientation of the adaptor", 90.0, 0.0, 180.0),
            Dial("steps", "steps", 100, 0, 400, least=0, most=2000, is_whole=True),
        ),
        (
            Choice(
                "target",
                "target C, the mean over",
                "all",
                (("all", "gratings of all orientations"), ("one", "one grating, at 0°")),
            ),
        ),
        {"neurons": _NEURONS, "concentration": _CONCENTRATION},
    )
