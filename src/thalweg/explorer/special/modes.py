"""Deep linear modes: closed forms over gradient descent while s, λ and a₀ move."""

import numpy as np

from thalweg.explorer.special.subject import Dial, Subject

_INPUTS, _MODES, _OUTPUTS = 4, 3, 5  # layers of three widths, and as few curves as sliders


def subject() -> Subject:
    """Data of the page about deep linear modes, of `models.deep_linear`."""
    draw = np.random.default_rng(0)
    frames = [np.linalg.qr(draw.standard_normal((n, _MODES)))[0] for n in (_OUTPUTS, _INPUTS)]
    rotation = np.linalg.qr(draw.standard_normal((_MODES, _MODES)))[0]
    noise = [draw.standard_normal(s) for s in ((_MODES, _INPUTS), (_OUTPUTS, _MODES))]
    names = ("left", "right")
    return Subject(
        "deep-linear-modes",
        "Modes of a deep linear network",
        "A linear network learns its task mode by mode, the strongest first, each in one step.",
        "Strengths of the modes",
        f"The task is Σ = U diag(s) Vᵀ, the correlation of {_OUTPUTS} outputs with {_INPUTS} white "
        f"inputs, through {_MODES} hidden units. Each mode begins with the strengths a in the "
        "first layer and b in the second, with ab = a₀² and b² − a² = λ. Lines: the closed form of "
        "gradient flow, by thalweg.models.deep_linear.unbalanced_strengths. Dots: gradient descent "
        "on both matrices in steps of η; U and V read its modes.",
        "modes",
        (
            Dial("s1", "s₁, strength of mode 1", 3.0, 0.0, 5.0, least=0.0),
            Dial("s2", "s₂, of mode 2", 2.0, 0.0, 5.0, least=0.0),
            Dial("s3", "s₃, of mode 3", 1.0, 0.0, 5.0, least=0.0),
            Dial("balance", "λ = b² − a², imbalance of the layers", 0.0, -3.0, 3.0),
            Dial("start", "a₀, strength at the start", 0.1, 0.0, 1.0, least=0.0),
            Dial("rate", "η, learning rate", 0.01, 0.001, 0.3, least=1e-4),
            Dial("duration", "time shown", 5.0, 0.5, 20.0, least=0.01),
            Dial("disorder", "disorder of the start", 0.0, 0.0, 0.3, least=0.0),
        ),
        numbers={
            **{name: frame.tolist() for name, frame in zip(names, frames, strict=True)},
            "rotation": rotation.tolist(),
            "noise": [matrix.tolist() for matrix in noise],
        },
    )
