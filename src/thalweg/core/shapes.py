"""Arrays of a fixed shape in signatures: `Num[Array, "n d"]`, `Integer[Array, "n"]`, …

The names in quotes are sizes, and one name is one size within a call. The tests check at run time
that verbs take and return what they say.
"""

import jax
import numpy as np
from jaxtyping import Float as Float
from jaxtyping import Integer as Integer
from jaxtyping import Num as Num

Array = jax.Array | np.ndarray
