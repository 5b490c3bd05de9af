"""Layers of phase portraits, one module each: `compute` makes its numbers, `draw` draws them.

`compute` is a pure function of a `Scene`; its numbers become an attribute of the `Portrait` by the
name that the layer has in `layers.table.LAYERS`, the one table of them.
"""
