"""What can be written at the cursor: words that the grammar takes there, and names in scope."""

from autorecon.lsp.features.completion.complete import completion

__all__ = ["completion"]
