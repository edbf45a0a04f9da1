"""Measures the console of a running installation, as Deploy/bench --console has it.

  console_speed.py PROGRAMS SCRATCH PLACES STUDENTS   prints one JSON object; ACCOUNTABILITY_HOME is the installation's home

Makes eight school years of a state with the districts and schools of PLACES students, of whom there are only STUDENTS. Times how long a change takes
from its record to an open page. Then releases all years, and asks for pages of every kind as every kind of visitor, one after the other, and for the
public's pages through several connections.
"""
import http.client
import json
import multiprocessing
import os
import random
import re
import subprocess
import sys
import threading
import time
import urllib.parse

PROGRAMS, SCRATCH, PLACES, STUDENTS = sys.argv[1:5]
HOME = os.environ["ACCOUNTABILITY_HOME"]
# The pairs of years that have frameworks, or get one.
LAST_YEARS = [2019, 2023, 2025, 2027]
DRAFTS = {2026: 2025, 2027: 2025}
PASSWORD = "a password of the bench"


def call(*arguments, ok=(0,)):
    """Runs the program; ends if it fails."""
    done = subprocess.run([f"{PROGRAMS}/accountability", *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in ok:
        sys.exit(f"bench: accountability {' '.join(arguments[:3])} ended with {done.returncode}")
    return done.stdout


def framework(year, model):
    """Puts a framework on record for a year that has none, with the steps that make its results official."""
    call("open-year", str(year))
    draft = f"{SCRATCH}/{year}.yaml"
    with open(draft, "w", encoding="utf-8") as file:
        file.write(call("framework", "template", str(year), "--based-on", str(model)))
    for step, options in [
        ("proposed", ["--date", f"{year - 1}-01-28", "--document", draft]), ("comment_opened", ["--date", f"{year - 1}-02-01", "--end", f"{year - 1}-03-15"]),
        ("recommended", ["--date", f"{year - 1}-05-01"]), ("approved", ["--date", f"{year - 1}-05-20", "--reference", "Vote of the bench"]),
    ]:
        call("directive", "framework_step", step, "--year", str(year), *options)


def release(year):
    """Releases the results of a year to everybody, as far as it has any."""
    for kind in ["preliminary", "official"]:
        call("directive", "release", kind, "--year", str(year), "--date", f"{year}-09-24", ok=(0, 65))


def make_years():
    """Makes the years, releases all but the newest one, and returns the directory of that one."""
    for year, model in DRAFTS.items():
        framework(year, model)
    state = ""
    for last in LAST_YEARS:
        years = [last - 1, last]
        state = f"{SCRATCH}/state-{last}"
        subprocess.run([f"{PROGRAMS}/statewide", "--students", STUDENTS, "--places", PLACES, "--year", str(last), "--seed", "1", "--out", state],
                       stdout=sys.stderr, check=True)
        files = [entry["file"] for entry in json.load(open(f"{state}/manifest.json", encoding="utf-8"))["files"]]
        files.sort(key=lambda name: (not name.startswith("organizations"), name.startswith("directives")))
        for year in set(years) - set(DRAFTS):
            call("open-year", str(year))
        call("submit", *[f"{state}/{name}" for name in files])
        for year in years:
            call("close-year", str(year), "--incomplete", "measured by Deploy/bench")
            if year != LAST_YEARS[-1]:
                release(year)
        print(f"bench: {years[0]} and {years[1]} are closed", file=sys.stderr)
    return state


class Client:
    """A visitor with one connection."""

    def __init__(self, address, name=None):
        """Signs in, if it has a name."""
        self.connection = http.client.HTTPConnection(address, timeout=120)
        self.headers = {}
        if name:
            form = self.get("/sign-in")
            self.headers["Cookie"] = form.headers["Set-Cookie"].split(";")[0]
            token = re.search(rb'name="token" value="([0-9a-f]+)"', form.body).group(1).decode()
            answer = self.send("POST", "/sign-in", urllib.parse.urlencode({"name": name, "password": PASSWORD, "token": token}),
                               {"Content-Type": "application/x-www-form-urlencoded"})
            self.headers["Cookie"] = answer.headers["Set-Cookie"].split(";")[0]

    def send(self, method, path, body=None, headers=None):
        """Sends a request; returns the answer with its body."""
        self.connection.request(method, path, body, {**self.headers, **(headers or {})})
        answer = self.connection.getresponse()
        answer.body = answer.read()
        return answer

    def get(self, path):
        """Reads a page."""
        return self.send("GET", path)

    def json(self, path):
        """Reads an answer of the API."""
        return json.loads(self.get(path).body)


def percentiles(milliseconds):
    """Some percentiles of times."""
    ordered = sorted(milliseconds)
    return {name: round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1) for name, share in [("p50", 0.5), ("p95", 0.95), ("max", 1)]}


def cpu(pid):
    """The CPU seconds of a process."""
    fields = open(f"/proc/{pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(client, addresses, pid):
    """The times of requests, one after the other, and the console's CPU time for each, which other programs do not change."""
    times, size, before = [], 0, cpu(pid)
    for address in addresses:
        begin = time.monotonic()
        answer = client.get(address)
        times.append((time.monotonic() - begin) * 1000)
        size = max(size, len(answer.body))
        if answer.status != 200:
            sys.exit(f"bench: {address} answers {answer.status}")
    return {**percentiles(times), "cpu": round((cpu(pid) - before) * 1000 / len(addresses), 1), "kilobytes": round(size / 1024)}


def pages(address, pid, codes, district, count=40):
    """How long pages take, by visitor and kind: each request of an organization is for another one, so that none was made before."""
    year = LAST_YEARS[-1]
    schools = [code for code in codes if not code.endswith("0000")]
    own = [code for code in codes if code.startswith(district[:4])]
    some = random.Random(1)

    def each(template, choices, number=count):
        return [template.format(year=year, code=some.choice(choices)) for _ in range(number)]

    def kinds(choices):
        return {
            "determinations": each("/years/{year}", choices), "determinations, search": each("/years/{year}?q={code}", choices),
            "determinations, by percentile": each("/years/{year}?sort=percentile&limit=500", choices, 10),
            "organization": each("/years/{year}/organizations/{code}", choices), "organization, why not": each("/years/{year}/organizations/{code}?why_not=meeting", choices),
            "compare, to choose": each("/years/{year}/compare", choices, 10), "compare": each("/years/{year}/compare?org={code}", choices),
            "duties": each("/duties", choices, 10), "files": each("/files", choices, 10), "rejections": each("/rejections", choices, 10),
            "determinations.csv": each("/years/{year}/determinations.csv", choices, 5), "determinations.xlsx": each("/years/{year}/determinations.xlsx", choices, 5),
            "API: determinations": each("/api/v1/years/{year}/determinations?limit=500", choices, 10),
            "API: organization": each("/api/v1/years/{year}/organizations/{code}", choices), "API: compare": each("/api/v1/years/{year}/compare?org={code}", choices),
        }

    visitors = {
        "nobody": (None, {
            "determinations": each("/public/years/{year}?q={code}", codes), "organization": each("/public/years/{year}/organizations/{code}", codes),
            "state": [f"/public/years/{each_year}/state" for each_year in (2019, 2024, 2025, 2026, 2027)],
            "determinations.csv": ["/public/years/2026/determinations.csv", "/public/years/2027/determinations.csv"],
            "determinations.xlsx": ["/public/years/2026/determinations.xlsx", "/public/years/2027/determinations.xlsx"],
            "frameworks": ["/frameworks"] * 10, "framework": ["/frameworks/2019", "/frameworks/2025"] * 5,
            "API: organization": each("/api/v1/public/years/{year}/organizations/{code}", codes),
        }),
        "district": ("district", kinds(own)),
        "data": ("data", {**kinds(schools), "run": ["/run"] * 10, "state": ["/years/2027/state", "/years/2025/state", "/years/2027/state?type=district"] * 3}),
    }
    found = {}
    for visitor, (name, addresses) in visitors.items():
        client = Client(address, name)
        found[visitor] = {kind: timed(client, list_of, pid) for kind, list_of in addresses.items()}
    return found


def load(arguments):
    """Sends requests through one connection; returns how many were answered."""
    address, paths = arguments
    client = Client(address)
    for path in paths:
        if client.get(path).status != 200:
            return -1
    return len(paths)


def public_load(address, pid, codes, count=20_000, connections=4):
    """Requests of everybody on the day of a release: reports of the newest year's organizations, its list and the state."""
    some = random.Random(2)
    year = LAST_YEARS[-1]

    def path():
        kind = some.random()
        if kind < 0.1:
            return f"/public/years/{year}"
        return f"/public/years/{year}/state" if kind < 0.15 else f"/public/years/{year}/organizations/{some.choice(codes)}"

    found = {}
    for name in ["first", "again"]:
        parts = [(address, [path() for _ in range(count // connections)]) for _ in range(connections)]
        before, begin = cpu(pid), time.monotonic()
        with multiprocessing.Pool(connections) as pool:
            answered = pool.map(load, parts)
        seconds, own = time.monotonic() - begin, cpu(pid) - before
        if min(answered) < 0:
            sys.exit("bench: a public page was not answered")
        found[name] = {"requests": sum(answered), "requests_a_cpu_second": round(sum(answered) / own), "requests_a_second": round(sum(answered) / seconds)}
    return found


class Follower(threading.Thread):
    """An open page that follows the data."""

    def __init__(self, address):
        """Begins to follow."""
        super().__init__(daemon=True)
        self.client = Client(address)
        self.client.connection.request("GET", "/events", headers=self.client.headers)
        self.answer = self.client.connection.getresponse()
        self.events = []

    def run(self):
        """Notes when it heard of which revision."""
        for line in self.answer:
            if line.startswith(b"data: "):
                self.events.append((time.monotonic(), int(line[6:])))

    def heard(self, revision):
        """When it heard of a revision; None if it has not yet."""
        return next((moment for moment, number in list(self.events) if number >= revision), None)


def live(address, state, count=20):
    """From the record of a determination, as a subscriber reads it, to the event of an open page, and to the list that shows it."""
    year = LAST_YEARS[-1]
    client = Client(address)
    follower = Follower(address)
    follower.start()
    watch = subprocess.Popen([f"{PROGRAMS}/accountability", "determinations", str(year), "--watch", "--format", "json"], stdout=subprocess.PIPE, text=True)
    seen = []
    threading.Thread(target=lambda: [seen.append((time.monotonic(), json.loads(line))) for line in watch.stdout], daemon=True).start()
    time.sleep(3)
    lines = open(f"{state}/corrections-assessment_results.csv", encoding="utf-8").read().splitlines()
    shown, told = [], []
    for number, row in enumerate(lines[1:1 + count]):
        path = f"{SCRATCH}/row-{number}.csv"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{lines[0]}\n{row}\n")
        del seen[:]
        submission = subprocess.Popen([f"{PROGRAMS}/accountability", "submit", path], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 5
        while not seen and time.monotonic() < end:
            time.sleep(0.001)
        if seen:
            moment, record = seen[0]
            while True:
                answer = client.get(f"/api/v1/years/{year}/determinations?q={record['orgCode']}")
                if json.loads(answer.body)["determinations"][0]["revision"] >= record["revision"]:
                    break
            shown.append((time.monotonic() - moment) * 1000)
            revision = int(answer.headers["ETag"].strip('"').split("-")[1])
            while follower.heard(revision) is None:
                time.sleep(0.001)
            told.append((follower.heard(revision) - moment) * 1000)
        submission.wait()
        time.sleep(0.5)
    watch.terminate()
    return {"changes": len(told), "event_ms": percentiles(told), "list_ms": percentiles(shown)} if told else {"changes": 0}


def await_public(client, year, seconds=600):
    """Waits until a year's release has reached the public pages, and nothing more of it has come for twenty seconds."""
    begin = same_since = time.monotonic()
    count = 0
    while time.monotonic() < begin + seconds:
        time.sleep(2)
        # Until the release has arrived, the address is not there.
        before, count = count, client.json(f"/api/v1/public/years/{year}/determinations?limit=1").get("total", 0)
        if count != before:
            same_since = time.monotonic()
        if count > 0 and time.monotonic() - same_since > 20:
            return
    sys.exit(f"bench: the release of {year} did not reach the public pages within {seconds} seconds")


def main():
    """Prints what was measured."""
    state = make_years()
    address = open(f"{HOME}/run/console-1.address", encoding="utf-8").read().strip()
    pid = int(open(f"{HOME}/run/console-1.pid", encoding="utf-8").read().split()[0])
    # While nobody has an account, every visitor sees everything. After the release, changes wait for an approval.
    changes = live(address, state)
    release(LAST_YEARS[-1])
    with open(f"{SCRATCH}/password", "w", encoding="utf-8") as file:
        file.write(PASSWORD + "\n")
    call("account", "add", "data", "--role", "data", "--password-file", f"{SCRATCH}/password")
    everyone = Client(address)
    await_public(everyone, LAST_YEARS[-1])
    years = {entry["school_year"] for entry in Client(address, "data").json("/api/v1/years")["years"]}
    public = {entry["school_year"] for entry in everyone.json("/api/v1/public/years")["years"]}
    codes, next_page = [], f"/api/v1/public/years/{LAST_YEARS[-1]}/determinations?limit=500"
    while next_page:
        part = everyone.json(next_page)
        codes += [entry["org_code"] for entry in part["determinations"]]
        next_page = part["next"]
    # A district of which something is public: not each has schools in every year.
    district = next(code for code in codes if not code.endswith("0000"))[:4] + "0000"
    call("account", "add", "district", "--role", "district", "--district", district, "--password-file", f"{SCRATCH}/password")
    status = open(f"/proc/{pid}/status", encoding="utf-8").read()
    print(json.dumps({
        "students": int(STUDENTS), "organizations": len(codes), "years": sorted(years), "public_years": sorted(public), "cores": os.cpu_count(),
        "memory_mb": round(int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024),
        "page_ms": pages(address, pid, codes, district), "public": public_load(address, pid, codes), "live": changes,
    }, indent=2))


main()
