"""What an error of Redis, Postgres or Kafka says about the request: it did not happen, it happened, or nobody knows.

One table for every process (decision record 0056). It goes by the stores' own words (the first word of a Redis error,
the SQLSTATE, the name of Kafka's error), so that it needs no driver, and a driver's class tree decides nothing.

What is not listed is unknown where a request had gone out, which is always the careful answer: a call that may be
counted is never decided a second time.
"""

from typing import Final, NamedTuple

from contracts.errors import StoreOutcome

NOT_DONE, DONE, UNKNOWN = StoreOutcome.NOT_DONE, StoreOutcome.DONE, StoreOutcome.UNKNOWN


class StoreErrorMeaning(NamedTuple):
    """`passes`: the same request can succeed once the store is mended, so waiting is right; else somebody erred."""

    outcome: StoreOutcome
    passes: bool


class RequestNotSent(Exception):
    """The store could not be reached, so that it never saw the request."""


# By the first word of the reply. Redis answers with an error instead of carrying a command out; inside a script it
# checks memory, role, persistence and replicas before the first write only, and ours read every type before it.
REDIS: Final = {
    code: StoreErrorMeaning(NOT_DONE, True)
    for code in (
        "ASK", "BUSY", "CLUSTERDOWN", "CROSSSLOT", "EXECABORT", "LOADING", "MASTERDOWN", "MISCONF", "MOVED",
        "INPROG", "NOADDR", "NOAUTH", "NOMASTERLINK", "NOPERM", "NOPROTO", "NOREPLICAS", "NOSCRIPT", "NOTREADY", "OOM",
        "READONLY", "TRYAGAIN", "UNKILLABLE", "WRONGPASS", "WRONGTYPE",
    )
} | {
    "BUSYGROUP": StoreErrorMeaning(DONE, False),
    "BUSYKEY": StoreErrorMeaning(NOT_DONE, False),
    "NOTBUSY": StoreErrorMeaning(NOT_DONE, False),
    "UNBLOCKED": StoreErrorMeaning(NOT_DONE, True),
}  # fmt: skip
# `ERR` stands for anything, a proxy's lost connection included; these are Redis' own refusals.
REDIS_REFUSALS: Final = (
    "max number of clients reached", "unknown command", "wrong number of arguments", "Error compiling script",
    "Protocol error", "DB index is out of range", "invalid password", "AUTH <password> called without",
    "Client sent AUTH", "operation not permitted", "command not allowed", "Script killed by user",
)  # fmt: skip

# By SQLSTATE, or by its class. An error ends the transaction, so what is not listed did not happen, and waiting does
# not help. Where the server ends the connection instead, the transaction may have been committed before.
POSTGRES: Final = {
    "08": StoreErrorMeaning(UNKNOWN, True),  # the connection broke
    "08001": StoreErrorMeaning(NOT_DONE, True),  # and was never made
    "08004": StoreErrorMeaning(NOT_DONE, True),
    "25006": StoreErrorMeaning(NOT_DONE, True),  # read only: a replica, or a disk that is nearly full
    "25P03": StoreErrorMeaning(NOT_DONE, True),  # idle in a transaction for too long
    "25P04": StoreErrorMeaning(NOT_DONE, True),  # a transaction for too long
    "28": StoreErrorMeaning(NOT_DONE, True),  # the login is refused
    "3D000": StoreErrorMeaning(NOT_DONE, True),  # the database is not there (yet)
    "40": StoreErrorMeaning(NOT_DONE, True),  # rolled back: deadlock, serialization
    "40003": StoreErrorMeaning(UNKNOWN, True),  # completion unknown
    "42P04": StoreErrorMeaning(DONE, False),  # the database, schema or table is there already
    "42P06": StoreErrorMeaning(DONE, False),
    "42P07": StoreErrorMeaning(DONE, False),
    "53": StoreErrorMeaning(NOT_DONE, True),  # disk full, out of memory, too many connections
    "55006": StoreErrorMeaning(NOT_DONE, True),  # in use
    "55P03": StoreErrorMeaning(NOT_DONE, True),  # a lock was not to be had in time
    "57": StoreErrorMeaning(NOT_DONE, True),  # cancelled, starting up, idle for too long
    "57P01": StoreErrorMeaning(UNKNOWN, True),  # shut down, perhaps between commit and answer
    "57P02": StoreErrorMeaning(UNKNOWN, True),  # another process of the server crashed
    "58": StoreErrorMeaning(NOT_DONE, True),  # input and output
}
POSTGRES_OTHER: Final = StoreErrorMeaning(NOT_DONE, False)

# By the name of aiokafka's error, which is Kafka's own. What is not listed is unknown.
_KAFKA_WAITS = (
    "BrokerNotAvailableError", "ClusterAuthorizationFailedError", "ConcurrentTransactions",
    "CorruptRecordException",
    "DelegationTokenAuthorizationFailed", "DelegationTokenExpired", "GroupAuthorizationFailedError",
    "GroupCoordinatorNotAvailableError", "GroupLoadInProgressError", "InvalidProducerIdMapping",
    "LeaderNotAvailableError", "MetadataEmptyBrokerList", "NoBrokersAvailable", "NodeNotReadyError",
    "NotControllerError", "NotCoordinatorForGroupError", "NotEnoughReplicasError",
    "NotLeaderForPartitionError", "ReassignmentInProgress", "ReplicaNotAvailableError", "SaslAuthenticationFailed",
    "AuthenticationFailedError", "StaleMetadata", "TooManyInFlightRequests", "TopicAuthorizationFailedError",
    "TransactionalIdAuthorizationFailed", "UnknownTopicOrPartitionError", "KafkaUnavailableError",
    "RebalanceInProgressError", "IllegalGenerationError", "UnknownMemberIdError", "CommitFailedError",
    "MemberIdRequired", "OperationNotAttempted",
)  # fmt: skip
_KAFKA_ERRS = (
    "AuthenticationMethodNotSupported", "DelegationTokenAuthDisabled", "DelegationTokenNotFound",
    "DelegationTokenOwnerMismatch", "DelegationTokenRequestNotAllowed", "FetchSessionIdNotFound", "GroupIdNotFound",
    "IllegalArgumentError", "IllegalSaslStateError", "IllegalStateError", "InconsistentGroupProtocolError",
    "IncompatibleBrokerVersion", "InvalidCommitOffsetSizeError", "InvalidConfigurationError",
    "InvalidFetchRequestError", "InvalidFetchSessionEpoch", "InvalidGroupIdError", "InvalidPartitionsError",
    "InvalidPrincipalType", "InvalidProducerEpoch", "InvalidReplicationAssignmentError",
    "InvalidReplicationFactorError", "InvalidRequestError", "InvalidRequiredAcksError", "InvalidSessionTimeoutError",
    "InvalidTimestampError", "InvalidTopicError", "InvalidTransactionTimeout", "InvalidTxnState",
    "KafkaConfigurationError", "ListenerNotFound", "LogDirNotFound", "MessageSizeTooLargeError",
    "NoOffsetForPartitionError", "NonEmptyGroup", "OffsetMetadataTooLargeError", "OffsetOutOfRangeError",
    "OutOfOrderSequenceNumber", "PolicyViolationError", "ProducerClosed", "ProducerFenced", "QuotaViolationError",
    "RecordListTooLargeError", "RecordTooLargeError", "SecurityDisabled", "StaleControllerEpochError",
    "StaleLeaderEpochCodeError", "TransactionCoordinatorFenced", "UnknownProducerId", "UnrecognizedBrokerVersion",
    "UnsupportedCodecError", "UnsupportedForMessageFormatError", "UnsupportedSaslMechanismError",
    "UnsupportedVersionError",
)  # fmt: skip
KAFKA: Final = (
    {name: StoreErrorMeaning(NOT_DONE, True) for name in _KAFKA_WAITS}
    | {name: StoreErrorMeaning(NOT_DONE, False) for name in _KAFKA_ERRS}
    | {name: StoreErrorMeaning(DONE, False) for name in ("DuplicateSequenceNumber", "NoError")}
    | {"TopicAlreadyExistsError": StoreErrorMeaning(DONE, False)}
    | {  # a batch that may be in the log all the same
        name: StoreErrorMeaning(UNKNOWN, True)
        for name in (
            "BrokerResponseError", "Cancelled", "CorrelationIdError", "KafkaConnectionError", "KafkaError",
            "KafkaProtocolError", "KafkaStorageError", "KafkaTimeoutError", "NotEnoughReplicasAfterAppendError",
            "RequestTimedOutError", "UnknownError",
        )
    }
)  # fmt: skip

_LOST: Final = StoreErrorMeaning(UNKNOWN, True)  # no answer: a broken connection, or time that ran out


def meaning_of(error: BaseException) -> StoreErrorMeaning:
    """What an error of a store, or of the way to it, says about the request that met it."""
    if isinstance(error, RequestNotSent):
        return StoreErrorMeaning(NOT_DONE, True)
    driver = type(error).__module__.partition(".")[0]
    if driver == "redis":
        return of_redis(f"{getattr(error, 'status_code', None) or ''} {error}".strip())
    if driver == "asyncpg":
        return _of_asyncpg(error)
    if driver == "aiokafka":
        return KAFKA.get(type(error).__name__, _LOST)
    return _LOST


def of_redis(reply: str) -> StoreErrorMeaning:
    """By the text of an error reply, its code first. A driver's own sentence (a lost connection) has no code."""
    code, _, text = reply.partition(" ")
    if code == "ERR" and any(refusal in text for refusal in REDIS_REFUSALS):
        return StoreErrorMeaning(NOT_DONE, True)
    return REDIS.get(code, _LOST)


def of_postgres(sqlstate: str) -> StoreErrorMeaning:
    """By the SQLSTATE of a reply."""
    return POSTGRES.get(sqlstate) or POSTGRES.get(sqlstate[:2], POSTGRES_OTHER)


def _of_asyncpg(error: BaseException) -> StoreErrorMeaning:
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate:
        return of_postgres(sqlstate)
    # What asyncpg itself cannot send, such as a text that has no UTF-8; else the connection is closed or confused.
    return POSTGRES_OTHER if type(error).__name__ == "DataError" else _LOST
