"""Live rates over `fraud.decisions.v1`, by Faust: what happens at this moment, where a lost event harms nothing."""
