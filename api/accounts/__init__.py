"""Users and what bounds them: passwords, tokens, lock-out, keys, limits. Rules here; SQL is in storage."""
