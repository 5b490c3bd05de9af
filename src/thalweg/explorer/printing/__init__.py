"""A rule's program printed as JavaScript.

`operations` says how one operation on numbers is written, `spans` between which numbers its result
lies, `blocks` keeps statements and lays them out, `loops` writes loops, `arrays` carries operations
on arrays out entry by entry, `printer` goes through a program.
"""
