"""The weights m_i(x_i) of a diagonal metric, from log-ratios of opposite Jacobian entries."""
