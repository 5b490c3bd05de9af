"""What a rule does in the long run: equilibria and their stability."""

from thalweg.analysis.problem import Problem, make_problem

__all__ = ["Problem", "make_problem"]
