"""What crosses a process boundary: messages, their validation at the edge, topic names, error tree."""
