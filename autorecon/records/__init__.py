"""What is written to disk for another part to read: one schema a file, which both share.

In comes an attrs class, out comes JSON; what is read back is that class or a RecordError that says
the first fault and what to do. Files that state a format are refused if it is another.
"""
