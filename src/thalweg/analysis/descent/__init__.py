"""Does an energy fall along a rule, is it bounded below, and which axioms does a field satisfy?"""
