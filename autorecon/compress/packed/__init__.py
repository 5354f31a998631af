"""Compressed models as files: small, built again without the teacher's weights.

In comes a student with what is known of its teacher, out comes a file, and of the file a module
that answers bit for bit as the student did. Files are not trusted: nothing that they name is
imported, and all sizes are held against the network that is built.
"""
