"""One file a revision, in order; SQL by hand."""
