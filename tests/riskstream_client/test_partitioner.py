from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from riskstream_client.partitioner import partition_of


@given(st.binary(max_size=80), st.integers(1, 64))
def test_every_key_goes_where_other_clients_of_kafka_put_it(key: bytes, partitions: int) -> None:
    everywhere = list(range(partitions))
    assert partition_of(key, partitions) == DefaultPartitioner()(key, everywhere, everywhere)
