"""From a user's file to rows: every row lands or is listed with its line, its column and the reason."""
