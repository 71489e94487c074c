"""The rights of the producers on a broker with an authorizer: they may write to the input topics, and nothing else."""

import structlog
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import CreateAclsRequest

from contracts.errors import StoreUnavailable
from pipeline.kafka_producer import broker_arguments
from settings import Settings

# Kafka's numbers: org.apache.kafka.common.resource.ResourceType and PatternType, common.acl.AclOperation and
# AclPermissionType. The right to write implies the one to see the topic's partitions.
_TOPIC, _LITERAL, _WRITE, _ALLOW = 2, 3, 4, 3
_ANY_HOST = "*"

log = structlog.get_logger()


async def ensure_rights(settings: Settings) -> int:
    """Let every producer of KAFKA_PRODUCERS write to the input topics; returns how many rights were given.

    Giving a right again changes nothing. A broker without an authorizer, or whose rights somebody else manages, is left
    as it is, with a warning. Raises StoreUnavailable.
    """
    producers = settings.producers
    if producers is None or not settings.kafka_security_protocol.startswith("SASL"):
        return 0
    inputs = (settings.topics.transactions, settings.topics.labels)
    admin = AIOKafkaAdminClient(**broker_arguments(settings))
    try:
        await admin.start()
        given = [await _give(admin, name, topic) for name in producers.names for topic in inputs]
    except KafkaError as error:
        raise StoreUnavailable(f"Kafka cannot be reached to give producers their rights: {error}") from error
    finally:
        await admin.close()
    return sum(given)


async def _give(admin: AIOKafkaAdminClient, name: str, topic: str) -> bool:
    request = CreateAclsRequest(_TOPIC, topic, _LITERAL, f"User:{name}", _ANY_HOST, _WRITE, _ALLOW)
    node = admin._client.get_random_node()  # any broker passes it on to the controller; aiokafka has no call for it
    response = await admin._client.send(node, request)
    [(code, message)] = response.creation_responses
    if code:
        log.warning("right_not_given", producer=name, topic=topic, error=for_code(code).__name__, message=message)
    return not code
