"""What an editor can ask for: a file each. A View and the request's values in, an answer out, or
None where there is nothing to say."""
