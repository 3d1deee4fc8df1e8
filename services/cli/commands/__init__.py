"""One command a file: what it reads from the command line, what it does, what it prints."""
