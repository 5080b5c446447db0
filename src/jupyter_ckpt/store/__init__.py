"""How it is kept: format, writer, reader, commit, catalog, journal, preservation, verification."""
