"""What people, disks and processes do to work: tried on the smallest jobs there are.

In comes a kind of mishap and a random generator, out comes how a job ended that met it.
"""
