"""Files of clients on their way in."""
