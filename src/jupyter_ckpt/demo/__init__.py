"""A small real training on real data that is killed on purpose: ``python -m jupyter_ckpt.demo``."""
