"""The part of a domain in which a question can be answered: its poles, jumps, kinks and holes."""
