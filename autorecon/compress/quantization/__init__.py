"""From a network and the bits that it may keep to a student that computes with no more.

In comes any module, which `capture` makes a graph of calls, out a QuantizedModel: that graph, whose
parameters have the names they had, and the list of what is quantized in it and what is not.
"""
