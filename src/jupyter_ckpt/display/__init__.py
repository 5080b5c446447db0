"""What surfaces show: plain data as text for a terminal and HTML for a notebook."""
