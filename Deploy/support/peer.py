#!/usr/bin/env python3
"""Computes the core figures of a state's files with Polars, as a data analyst would, and prints what it took: the neighbour that Deploy/bench
measures `accountability compute` against.

  peer.py STATE RESULTS      STATE: a folder of `statewide`; RESULTS: what `accountability compute STATE --out RESULTS` wrote

Core figures: by organization (schools, districts, the state), group and year, participation in three subjects, average scaled scores and growth,
chronic absenteeism, progress of English learners, advanced coursework, four-year graduation and dropout. No ledger, no validation, no targets, points,
percentiles or determinations. That both did the same work is checked where both have the figure: participants and students due of every subject,
organization and group of the students' rows.
"""

import csv
import glob
import json
import resource
import sys
import time

import polars as pl

GROUPS = {
    "all_students": pl.lit(True),
    "low_income": pl.col("low_income") == "Y",
    "swd": pl.col("swd") == "Y",
    "el_former_el": pl.col("el_status") != "N",
    "high_needs": (pl.col("low_income") == "Y") | (pl.col("swd") == "Y") | (pl.col("el_status") != "N"),
}
RACES = ["american_indian_alaska_native", "asian", "black", "hispanic", "multi_race", "native_hawaiian_pacific_islander", "white"]
GROUPS |= {race: pl.col("race") == race for race in RACES}
PLACE = ["school_year", "org"]


def rows(state, layout):
    files = [file for file in sorted(glob.glob(f"{state}/{layout}-*.csv")) if not file.rsplit("/", 1)[1].startswith("corrections")]
    frame = pl.concat([pl.scan_csv(file, infer_schema_length=0) for file in files])
    return frame.with_columns(
        pl.concat_list(pl.col("org_code"), pl.col("org_code").str.head(4) + "0000", pl.lit("00000000")).alias("org")
    ).explode("org")


def by_group(frame, *measures):
    """The measures by organization and year, for each group."""
    return pl.concat(
        [frame.filter(chosen).group_by(PLACE).agg(*measures).with_columns(pl.lit(name).alias("group")) for name, chosen in GROUPS.items()]
    )


def counted(condition, name):
    return condition.sum().cast(pl.Int64).alias(name)


def yes(column):
    return pl.col(column) == "Y"


def core(state):
    tests = rows(state, "assessment_results")
    measures = []
    for subject in ("ela", "math", "science"):
        status = pl.col(f"{subject}_status")
        # First-year learners take part; in ELA who did not take the test of English does not.
        part = status.is_in(["T", "ALT", "EXF"])
        out = status.is_in(["ABS", "MED"] + (["EXN"] if subject == "ela" else []))
        measures += [counted(part, f"{subject}_participants"), counted(part | out, f"{subject}_due")]
        stays = (pl.col("enrolled_since_october") == "Y") & status.is_in(["T", "ALT"])
        measures.append(pl.col(f"{subject}_scaled_score").cast(pl.Int64).filter(stays).mean().alias(f"{subject}_score"))
        if subject != "science":
            measures.append(pl.col(f"{subject}_sgp").cast(pl.Int64).filter(stays).mean().alias(f"{subject}_growth"))
    attendance = rows(state, "attendance")
    days = pl.col("days_enrolled").cast(pl.Int64)
    counts = days >= 20
    outcomes = rows(state, "enrollment_outcomes")
    return pl.collect_all(
        [
            by_group(tests, *measures),
            by_group(attendance, counted(counts, "students"), counted(counts & (pl.col("days_absent").cast(pl.Int64) * 10 >= days), "absent")),
            by_group(rows(state, "english_proficiency"), pl.len(), counted(yes("met_progress"), "met")),
            by_group(rows(state, "advanced_coursework"), pl.len(), counted(yes("completed"), "completed")),
            by_group(rows(state, "graduation_cohort"), pl.len(), counted(yes("four_year_graduate"), "graduates")),
            by_group(
                outcomes,
                counted(yes("enrolled_october"), "enrolled"),
                counted(yes("enrolled_october") & yes("dropped_out") & ~yes("returned_by_october"), "dropped"),
            ),
        ]
    )


def checked(tests, results):
    """How many figures agree with those of the pipeline, of how many."""
    found = {(row["school_year"], row["org"], row["group"]): row for row in tests.iter_rows(named=True)}
    columns = {"ELA": "ela", "Math": "math", "STE": "science"}
    same = total = 0
    for file in glob.glob(f"{results}/participation-*.csv"):
        for row in csv.DictReader(open(file, encoding="utf-8")):
            own = found.get((row["school_year"], row["org_code"], row["group"]))
            if row["grade"] != "all" or own is None or row["subject"] not in columns:
                continue
            subject = columns[row["subject"]]
            total += 1
            same += (own[f"{subject}_participants"], own[f"{subject}_due"]) == (int(row["participants"]), int(row["denominator"]))
    return same, total


def main():
    state, results = sys.argv[1:3]
    before, start = time.process_time(), time.monotonic()
    tables = core(state)
    cpu, seconds = time.process_time() - before, time.monotonic() - start
    same, total = checked(tables[0], results)
    print(
        json.dumps(
            {
                "polars": pl.__version__,
                "cpu_seconds": round(cpu, 2),
                "seconds": round(seconds, 2),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "figures": sum(table.height * (table.width - 3) for table in tables),
                "participation_checked": total,
                "participation_same": same,
            }
        )
    )
    return 0 if total and same == total else 1


if __name__ == "__main__":
    sys.exit(main())
