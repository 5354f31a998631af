"""What a checked text is: nodes, edges with typed candidates, decisions, rules and limits.

Values alone, which `elaborate` makes and everybody above reads; and how values flow through them.
They know the text by its spans only.
"""
