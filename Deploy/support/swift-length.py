#!/usr/bin/env python3
"""Prints functions of more than 60 lines in Sources, and lines of more than 120 columns in every Swift file.

A line may be longer where it has a string on it: text that people read or a test holds against is not torn apart. So may a
word that is longer, such as a regular expression.
"""
import re
import subprocess
import sys

FUNCTION_LINES = 60
COLUMNS = 120
MODIFIER = (
    r"(?:@\w+(?:\([^)]*\))? )*"
    r"(?:(?:public|package|private|fileprivate|internal|static|final|mutating|override|consuming|borrowing|nonisolated) )*"
)
FUNCTION = re.compile(rf"^( *){MODIFIER}(?:func ([^(<]+)[(<]|(init|deinit)\b|var (\w+): [^=]+\{{$)")


def files():
    """The Swift sources that people write."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.swift"],
        capture_output=True, text=True, check=True,
    )
    for name in listed.stdout.split("\n"):
        if name and not name.endswith(".pb.swift"):
            yield name


def main():
    """Prints what is too long; the exit code says whether anything is."""
    found = 0
    for name in files():
        with open(name, encoding="utf-8") as file:
            lines = file.read().split("\n")
        functions, in_text = [], False
        for number, line in enumerate(lines, 1):
            was_in_text = in_text
            if line.count('"""') % 2:
                in_text = not in_text
            if was_in_text or in_text:
                continue
            if len(line) > COLUMNS and '"' not in line and " " in line.strip():
                print(f"{name}:{number}: {len(line)} columns; {COLUMNS} are the most")
                found += 1
            # A protocol's requirement has no body: it ends with the protocol.
            while functions and line.strip() and len(line) - len(line.lstrip()) < len(functions[-1][1]):
                functions.pop()
            match = FUNCTION.match(line)
            # A body on the same line is no longer than that.
            if match and not line.rstrip().endswith("}"):
                functions.append((number, match.group(1), match.group(2) or match.group(3) or match.group(4)))
            if functions and line.startswith(functions[-1][1] + "}"):
                start, _, function = functions.pop()
                length = number - start + 1
                if name.startswith("Sources/") and length > FUNCTION_LINES:
                    print(f"{name}:{start}: {function} has {length} lines; {FUNCTION_LINES} are the most")
                    found += 1
    return 1 if found else 0


sys.exit(main())
