"""The jupyter_server extension: the stores over REST, read from JSON records. No torch, nothing is unpickled."""
