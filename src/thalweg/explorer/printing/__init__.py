"""A rule's program printed as JavaScript.

`operations` says how one operation on numbers is written, `blocks` keeps statements and lays them
out, `arrays` carries operations on arrays out entry by entry, `printer` goes through a program.
"""
