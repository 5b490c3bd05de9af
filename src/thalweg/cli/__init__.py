"""The command line: one module a command in `commands/`, and what they share.

`parse/` reads what is typed (`parse/options.py` declares the options), `main` names the commands.
"""
