"""What people touch: the browser chat and the command line."""
