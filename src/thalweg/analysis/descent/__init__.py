"""Checks of energies: do they fall along a rule, are they bounded below, and which axioms hold?"""
