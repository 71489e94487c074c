"""The Kafka shells around the pipeline: scorer, label forwarder, dead letters, outgoing topics."""
