"""Training checkpoints for PyTorch in Jupyter that survive the container."""

__version__ = "0.1.0"
