#!/usr/bin/env python3
"""Wraps comments of the Swift sources that are wider than 120 columns: whole paragraphs and items of lists, and nothing else."""
import re
import subprocess
import textwrap

COLUMNS = 120
LINE = re.compile(r"( *)(///?) (?=\S)")
# Tables, code, headings and citations stand as they are.
UNTOUCHED = ("|", "```", "#", "603 CMR")
ITEM = re.compile(r"([-*]|\d+\.) ")


def paragraph(lines, start, prefix):
    """The lines of the paragraph or item that begins at a line, without their prefix."""
    first = lines[start][len(prefix):]
    is_item = bool(ITEM.match(first))
    found = [first]
    for line in lines[start + 1:]:
        text = line[len(prefix):] if line.startswith(prefix) else ""
        if is_item and text.startswith("  ") and text[2:3].strip() and not ITEM.match(text[2:]):
            found.append(text[2:])
        elif not is_item and text and not text.startswith((" ", *UNTOUCHED)) and not ITEM.match(text):
            found.append(text)
        else:
            break
    return found, is_item


def wrapped(lines):
    """The lines of a file with its wide comments wrapped."""
    result, place, in_text = [], 0, False
    while place < len(lines):
        line = lines[place]
        in_text ^= line.count('"""') % 2 == 1
        match = LINE.match(line)
        if in_text or not match:
            result.append(line)
            place += 1
            continue
        prefix = match.group(0)
        found, is_item = paragraph(lines, place, prefix)
        own = lines[place:place + len(found)]
        place += len(found)
        if all(len(each) <= COLUMNS for each in own) or found[0].startswith(UNTOUCHED):
            result += own
            continue
        result += [prefix + each for each in textwrap.wrap(
            " ".join(found), COLUMNS - len(prefix), subsequent_indent="  " if is_item else "",
            break_long_words=False, break_on_hyphens=False,
        )]
    return result


def main():
    """Wraps every file that people write."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.swift"],
        capture_output=True, text=True, check=True,
    )
    for name in listed.stdout.split("\n"):
        if not name or name.endswith(".pb.swift"):
            continue
        with open(name, encoding="utf-8") as file:
            text = file.read()
        if "swift-format-ignore-file" in text:
            continue
        changed = "\n".join(wrapped(text.split("\n")))
        if changed != text:
            with open(name, "w", encoding="utf-8") as file:
                file.write(changed)


main()
