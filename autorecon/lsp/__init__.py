"""The language server: what an editor shows of a .space file while it is written.

In come texts as they are typed and requests of the protocol, out come answers that the checker, the
program and the formatter have already: nothing of the language is decided here. No torch.

`documents` reads each version once, `names` says what names stand for, `checks` has the checker run
while nobody waits, and `features` has a file for each thing that an editor can ask.
"""
