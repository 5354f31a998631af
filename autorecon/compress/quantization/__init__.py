"""From a network and the bits that it may keep to a student that computes with no more.

In comes any module of Conv2d and Linear layers, out a QuantizedModel: a copy of it, whose
parameters have the names they had, and the list of what is quantized in it and what is not.
"""
