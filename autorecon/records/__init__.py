"""What is written to disk for another part to read: one schema a file, which both share."""
