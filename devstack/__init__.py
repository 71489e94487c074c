"""Real Kafka, Redis and Postgres on one machine, without Docker, root or a system Java."""
