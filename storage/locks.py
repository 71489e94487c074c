"""Advisory lock keys of the database, one number a purpose, here so that none is used twice."""

MIGRATION_LOCK = 0x7269736B_0001  # the upper half spells "risk"
PARTITION_LOCK = 0x7269736B_0002
REPAIR_LOCK = 0x7269736B_0003
LABEL_LOCK = 0x7269736B_0004
RETENTION_LOCK = 0x7269736B_0005
ROLLUP_LOCK = 0x7269736B_0006
DRIFT_LOCK = 0x7269736B_0007
LABEL_OUTBOX_LOCK = 0x72690008  # of the two-number kind: beside it stands the client's id
UPLOAD_LOCK = 0x72690009  # likewise
