"""Description length: the bits that an energy, its residual and the starts of data cost.

`numbers` codes the parameters at a precision, `starts` the basins that data begin in; `describe`
adds them up with the residual, for slopes and for end points; `result` is the sum.
"""

from thalweg.learning.descriptions.describe import describe_ends, describe_gradients
from thalweg.learning.descriptions.result import DescriptionLength
from thalweg.learning.descriptions.starts import Normal, start_bits

__all__ = ["DescriptionLength", "Normal", "describe_ends", "describe_gradients", "start_bits"]
