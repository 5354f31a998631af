"""Names of a text: what each stands for, and where else that is named.

In comes a tree, of a text that may be half written; out come Names, with a Symbol for whatever is
declared and an Occurrence for each place that names one. Whether the text is right is not asked.
"""
