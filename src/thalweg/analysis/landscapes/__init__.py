"""A function of the state that falls wherever nothing recurs, on a grid."""
