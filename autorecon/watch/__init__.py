"""Pages that go along with what is being written or run: a space at each save, a run as it goes.

In comes a text, a file or a run's folder, out comes what a page shows of it now. The server of
`autorecon watch` speaks to this machine alone; the playground in docs/ shows the same of a text.
"""
