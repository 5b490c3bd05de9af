"""Proofs that an energy falls along a rule, where its program is one that intervals can follow."""
