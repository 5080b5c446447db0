"""What is the training state: find it, capture it, put it back."""
