"""Each reproduces one table or figure of a source, end to end.

A study is a module with a function that takes settings by keyword, `seed` among them, and returns
a `StudyResult`: a page with its figures, and the numbers on it. `registry` lists the studies by
name; to add one, write its module and enrol it there by one row.
"""
