#!/usr/bin/env python3
"""Counts participation in a state's tests with quixstreams, exactly once, and prints what it took: the neighbour that Deploy/bench measures the
participation worker against.

  quix_peer.py BROKER STATE RESULTS   STATE: a folder of `statewide`; RESULTS: what `accountability compute STATE --out RESULTS` wrote

Reads the test results from a topic, one JSON message a row, keyed by district. Keeps what each student counts for, so that a corrected row takes the place
of the earlier one, and for each school, district, year, group and subject the number of tests by status. Publishes the rates that a row changed, in one
message. The cost is that of the running application: writing its input is not in it, nor is reading its output. No directives, no supplied counts, no prior
years, no judgement. That both did the same work is checked with the committed output: participants and tests due of every organization, group and subject.
"""

import csv
import glob
import json
import resource
import sys
import tempfile
import time
import uuid
from importlib.metadata import version

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from quixstreams import Application
from quixstreams.models import JSONDeserializer, TopicConfig

SUBJECTS = ["ela", "math", "science"]
# The first four take part; OCT: tested, but enrolled here only after October. Only in ELA, EXN does not take part; elsewhere it does not count.
STATUSES = ["T", "ALT", "OCT", "EXF", "ABS", "MED", "EXN"]
PLACES = {(subject, status): place for place, (subject, status) in enumerate((s, t) for s in SUBJECTS for t in STATUSES)}
# The local broker answers a fetch at the end of a partition at once, and librdkafka asks again: with four partitions, of which some end early, that took a
# third of the CPU time. So there is one, which is not read far ahead. Its answers hold all there is, whatever size is asked for.
READING = {"queued.min.messages": 1000, "receive.message.max.bytes": 2_000_000_000}


def facts(row):
    """What a row counts for: its school, its groups, and the place of each test in a group's counts."""
    learner, poor, disabled = row["el_status"] != "N", row["low_income"] == "Y", row["swd"] == "Y"
    named = {"low_income": poor, "swd": disabled, "el_former_el": learner, "high_needs": learner or poor or disabled}
    late = row["enrolled_since_october"] != "Y"
    tests = [(subject, row[f"{subject}_status"]) for subject in SUBJECTS]
    tests = [(subject, "OCT" if late and status in ("T", "ALT") else status) for subject, status in tests]
    groups = ["all_students", row["race"], *(group for group, member in named.items() if member)]
    return row["org_code"], groups, [PLACES[test] for test in tests if test in PLACES]


def add(sign, year, fact, state, changed):
    """Adds a student to the counts of school and district, or takes the student away."""
    school, groups, places = fact
    for organization in {school, school[:4] + "0000"}:
        name = f"{year} {organization}"
        counts = state.get(name, default={})
        for group in groups:
            tally = counts.setdefault(group, [0] * len(PLACES))
            for place in places:
                tally[place] += sign
            changed.setdefault(name, {})[group] = tally
        state.set(name, counts)


def rates(tally):
    """Tests taken, tests due and the rate, by subject and of all subjects together."""
    rows = [(sum(tally[first : first + 4]), sum(tally[first : first + (6 if first else 7)])) for first in (0, 7, 14)]
    rows.append((sum(taken for taken, _ in rows), sum(due for _, due in rows)))
    return [(taken, due, round(100 * taken / due, 4) if due else None) for taken, due in rows]


def count(row, state):
    """Takes a row in; the rates that it changed."""
    year, student, changed = row["school_year"], f"student {row['school_year']} {row['student_id']}", {}
    if before := state.get(student):
        add(-1, year, before, state, changed)
    fact = facts(row)
    add(1, year, fact, state, changed)
    state.set(student, fact)
    return {name: {group: rates(tally) for group, tally in groups.items()} for name, groups in changed.items()}


def write(app, topic, state):
    """Writes a state's test results into a topic; how many rows and tests."""
    rows = tests = 0
    with app.get_producer() as producer:
        for file in sorted(glob.glob(f"{state}/assessment_results-*.csv")):
            for row in csv.DictReader(open(file, encoding="utf-8")):
                message = topic.serialize(key=row["org_code"][:4], value=row)
                producer.produce(topic.name, message.value, message.key)
                rows += 1
                tests += sum(row[f"{subject}_status"] in STATUSES for subject in SUBJECTS)
    return rows, tests


def published(broker, topic):
    """The last rates by organization and group in the committed messages of a topic, and the number of messages."""
    found, messages = {}, 0
    settings = {"bootstrap.servers": broker, "group.id": topic, "isolation.level": "read_committed", "enable.partition.eof": True}
    reader = Consumer(settings | READING)
    reader.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    while (message := reader.poll(30)) and not message.error():
        messages += 1
        for name, groups in orjson.loads(message.value()).items():
            found.setdefault(name, {}).update(groups)
    reader.close()
    return found, messages


def checked(found, results):
    """How many figures agree with those of the pipeline, of how many that either has for the organizations of the students' rows."""
    columns, theirs = ["ELA", "Math", "STE"], {}
    for file in glob.glob(f"{results}/participation-*.csv"):
        for row in csv.DictReader(open(file, encoding="utf-8")):
            name = f"{row['school_year']} {row['org_code']}"
            if row["grade"] == "all" and name in found and row["subject"] in columns:
                theirs[name, row["group"], row["subject"]] = int(row["participants"]), int(row["denominator"])
    own = {
        (name, group, subject): (taken, due)
        for name, groups in found.items()
        for group, figures in groups.items()
        for subject, (taken, due, _) in zip(columns, figures)
        if due
    }
    names = own.keys() | theirs.keys()
    return sum(own.get(name) == theirs.get(name) for name in names), len(names)


def main():
    broker, state, results = sys.argv[1:4]
    name = f"quix-peer-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory() as directory:
        app = Application(
            broker_address=broker,
            consumer_group=name,
            auto_offset_reset="earliest",
            processing_guarantee="exactly-once",
            consumer_extra_config=READING,
            state_dir=directory,
            loglevel="WARNING",
        )
        one = TopicConfig(num_partitions=1, replication_factor=1)
        source = app.topic(f"{name}-tests", config=one, value_deserializer=JSONDeserializer(loads=orjson.loads))
        output = app.topic(f"{name}-rates", config=one)
        app.dataframe(source).apply(count, stateful=True).to_topic(output)
        rows, tests = write(app, source, state)
        before, start = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        app.run(count=rows, timeout=60, collect=False)
        after, seconds = resource.getrusage(resource.RUSAGE_SELF), time.monotonic() - start
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found, messages = published(broker, output.name)
    same, total = checked(found, results)
    print(
        json.dumps(
            {
                "quixstreams": version("quixstreams"),
                "guarantee": "exactly-once",
                "rows": rows,
                "tests": tests,
                "messages": messages,
                "cpu_seconds": round(cpu, 2),
                "cpu_microseconds_a_test": round(cpu / tests * 1e6, 2),
                "seconds": round(seconds, 2),
                "participation_checked": total,
                "participation_same": same,
            }
        )
    )
    return 0 if messages == rows and total and same == total else 1


if __name__ == "__main__":
    sys.exit(main())
