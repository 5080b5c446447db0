"""What a person reads: an experiment as Markdown, and the notebook cell that it stands in. Imports no torch."""
