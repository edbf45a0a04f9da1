"""Reads a determinations topic as any subscriber would: confluent-kafka, and the .proto files of Schemas, nothing else of the project.

Usage: read_determinations.py BROKERS TOPIC SCHEMAS
Prints a line for the newest revision of each key: school_year,org_code,classification,content-type,ce_type
"""

import importlib
import sys
import tempfile
import uuid
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, TopicPartition
from grpc_tools import protoc


def main() -> None:
    brokers, topic, schemas = sys.argv[1:4]
    with tempfile.TemporaryDirectory() as out:
        files = [str(path) for path in Path(schemas, "accountability", "v1").glob("*.proto")]
        if protoc.main(["protoc", f"--proto_path={schemas}", f"--python_out={out}", *files]) != 0:
            sys.exit("the .proto files do not compile")
        sys.path.insert(0, out)
        Determination = importlib.import_module("accountability.v1.determination_pb2").Determination

        consumer = Consumer({
            "bootstrap.servers": brokers,
            "group.id": f"reader-{uuid.uuid4()}",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
        })
        partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
        table, ended = {}, set()
        while len(ended) < len(partitions):
            message = consumer.poll(20)
            if message is None:
                sys.exit("no end of the partitions within 20 seconds")
            if message.error():
                if message.error().code() != KafkaError._PARTITION_EOF:
                    sys.exit(str(message.error()))
                ended.add(message.partition())
                continue
            headers = {name: value.decode() for name, value in message.headers()}
            if headers["ce_type"] != "accountability.determination.v1":
                continue
            if message.value() is None:
                table.pop(message.key(), None)
                continue
            determination = Determination()
            determination.ParseFromString(message.value())
            table[message.key()] = (determination, headers)
        consumer.close()
    for key in sorted(table):
        determination, headers = table[key]
        print(determination.school_year, determination.org_code, determination.classification,
              headers["content-type"], headers["ce_type"], sep=",")


if __name__ == "__main__":
    main()
