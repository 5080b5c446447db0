"""One training session: ties volumes, state and store together. The only thing the surfaces talk to."""
