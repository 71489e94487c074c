"""The live feed: every alert once, in order, to every socket, whatever the topic does."""
