"""Watches the workers of an installation while faults are done to it: how long each stage had no live instance, who ended and how, who stood still.

A worker is live when its process is there, its /ready answers 200 and its thread came round within the last second (accountability_standing_seconds).

A bound is meant for a machine that has time for the workers. Coming back is waiting, four fifths of the bound, and work, one fifth; on a machine that
is busy with other things the work takes longer, and by how much a neighbour tells: a process beside the workers that asks for a little work ten times
a second and counts the share of the time in which it was served.
"""

import collections
import http.client
import json
import multiprocessing
import threading
import time

EVERY = 0.25
# The share of a bound that is work.
WORK = 0.2


class Neighbour:
    """Counts the seconds in which a process like the workers would have been served."""

    def __init__(self):
        self.served = multiprocessing.Value("d", 0.0)
        self.process = multiprocessing.Process(target=self.work, args=(self.served,), daemon=True)
        self.process.start()

    @staticmethod
    def work(served):
        last = time.monotonic()
        while True:
            time.sleep(0.1)
            # Late to wake up, or slow at the work: both are time that was not to be had.
            start, used = time.monotonic(), time.thread_time()
            while time.thread_time() - used < 0.004:
                pass
            now = time.monotonic()
            lost = max(0.0, start - last - 0.1)
            share = min(1.0, (time.thread_time() - used) / max(now - start, 1e-9))
            with served.get_lock():
                served.value += (now - last - lost) * share
            last = now

    def seconds(self):
        with self.served.get_lock():
            return self.served.value

    def stop(self):
        self.process.terminate()
        self.process.join()


class Watched:
    """What was seen of one worker."""

    def __init__(self, name):
        self.name, self.stage = name, name.rsplit("-", 1)[0]
        self.why = None
        self.wasKilled = False
        # Faults that are in force and excuse it.
        self.excuses = 0
        # Of the present standstill: seconds of the neighbour, seconds of the clock, when it began, what it said first and last.
        self.still, self.clock, self.began, self.said = 0.0, 0.0, "", []

    def reset(self):
        self.still, self.clock, self.began, self.said = 0.0, 0.0, "", []


class Watch:
    """Looks at every worker four times a second until it is stopped."""

    def __init__(self, installation, names, bound, boundKilled):
        self.installation = installation
        self.bound, self.boundKilled = bound, boundKilled
        self.workers = {name: Watched(name) for name in names}
        self.lock = threading.Lock()
        self.isOver = threading.Event()
        self.neighbour = Neighbour()
        self.began, self.servedBefore = time.monotonic(), self.neighbour.seconds()
        self.ended, self.served = None, None
        # Seconds without a live instance by stage: all of them, and those in which no fault was in force that hit every instance.
        self.without, self.unexcused = collections.Counter(), collections.Counter()
        self.longest = {False: None, True: None}
        self.wrong = []
        self.threads = [threading.Thread(target=self.look, args=(worker,), daemon=True) for worker in self.workers.values()]
        self.threads.append(threading.Thread(target=self.stages, daemon=True))
        for thread in self.threads:
            thread.start()

    def fault(self, names=None):
        """A fault that hits these workers, or all, as long as the context lasts: they need not be live, and count as before once it is over."""
        return Excuse(self, [self.workers[name] for name in names or self.workers if name in self.workers])

    def killed(self, name):
        """The worker was killed or frozen: until it is live again the longer bound holds."""
        with self.lock:
            worker = self.workers.get(name)
            if worker and not worker.wasKilled:
                self.conclude(worker)
                worker.wasKilled = True

    def why(self, name):
        """Why a worker is not live; nil when it is."""
        if self.installation.process(name) is None:
            return "does not run"
        try:
            address = (self.installation.home / "run" / f"{name}.address").read_text().strip()
            status, text = self.get(address, "/ready")
            if status != 200:
                return text.strip()[:100] or f"/ready says {status}"
            _, text = self.get(address, "/metrics")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return f"does not answer ({type(error).__name__})"
        for line in text.splitlines():
            if line.startswith("accountability_standing_seconds{") and float(line.rsplit(" ", 1)[1]) > 1:
                return "stands still"
        return None

    @staticmethod
    def get(address, path):
        connection = http.client.HTTPConnection(address, timeout=3)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def look(self, worker):
        clock, served = time.monotonic(), self.neighbour.seconds()
        while not self.isOver.wait(EVERY):
            why = self.why(worker.name)
            now, servedNow = time.monotonic(), self.neighbour.seconds()
            with self.lock:
                worker.why = why
                if why is None:
                    self.conclude(worker)
                    worker.wasKilled = False
                elif not worker.excuses:
                    if not worker.said:
                        worker.began = time.strftime("%H:%M:%S")
                    if worker.said[-1:] != [why]:
                        worker.said.append(why)
                    worker.still += servedNow - served
                    worker.clock += now - clock
            clock, served = now, servedNow

    def conclude(self, worker):
        """The end of a standstill, if it was one."""
        if worker.said:
            found = (worker.clock, worker.still, worker.name, worker.began, worker.said)
            longest = self.longest[worker.wasKilled]
            if longest is None or found > longest:
                self.longest[worker.wasKilled] = found
            limit = self.boundKilled if worker.wasKilled else self.bound
            if worker.clock > self.allowed(limit, worker.clock, worker.still):
                hit = "after it was killed" if worker.wasKilled else "and was not killed"
                self.wrong.append(f"not live for more than {limit:g} seconds, {hit}: {self.text(found)}")
        worker.reset()

    @staticmethod
    def allowed(limit, clock, served):
        """A bound in seconds of the clock, over a time in which a neighbour was served for so many seconds of it."""
        slower = min(max(clock / max(served, 1e-9), 1.0), 50.0)
        return limit * (1 - WORK + WORK * slower)

    @staticmethod
    def text(found):
        clock, served, name, began, said = found
        return f"{name} for {clock:.1f} s (a neighbour was served for {served:.1f} s) from {began} ({'; then '.join(said[:2] + said[2:][-2:])})"

    def stages(self):
        last = time.monotonic()
        while not self.isOver.wait(EVERY):
            now = time.monotonic()
            with self.lock:
                for stage in {worker.stage for worker in self.workers.values()}:
                    instances = [worker for worker in self.workers.values() if worker.stage == stage]
                    if all(worker.why for worker in instances):
                        self.without[stage] += now - last
                        if not all(worker.excuses or worker.wasKilled for worker in instances):
                            self.unexcused[stage] += now - last
            last = now

    def stop(self):
        """Ends the watch; a standstill that goes on counts as far as it came."""
        self.isOver.set()
        for thread in self.threads:
            thread.join(10)
        with self.lock:
            for worker in self.workers.values():
                self.conclude(worker)
        self.ended, self.served = time.monotonic() - self.began, self.neighbour.seconds() - self.servedBefore
        self.neighbour.stop()

    def endings(self):
        """How often programs ended, by how they did, as the supervisor wrote it down; those that no fault explains are wrong."""
        found = collections.Counter()
        for file in sorted((self.installation.home / "run").glob("*.deaths.json")):
            name = file.name.removesuffix(".deaths.json")
            for death in json.loads(file.read_text())["deaths"]:
                ((kind, value),) = death["ending"].items()
                number = value["_0"]
                found[f"{'signal' if kind == 'signalled' else 'exit'} {number}"] += 1
                # Killed by us, fenced, or without a broker for too long: all else is a defect.
                if (kind, number) not in {("signalled", 9), ("exited", 75), ("exited", 69)}:
                    self.wrong.append(f"{name} ended with {'signal' if kind == 'signalled' else 'exit code'} {number}: {death['cause'][:300]}")
        return found

    def report(self):
        """What was seen, line by line."""
        endings = self.endings()
        yield f"availability over {self.ended:.0f} s, in {self.served:.0f} s of which a neighbour was served"
        yield "  without a live instance: " + ", ".join(
            f"{stage} {self.without[stage]:.1f} s ({self.unexcused[stage]:.1f} s beyond the faults)" for stage in sorted({w.stage for w in self.workers.values()})
        )
        yield f"  restarts: {', '.join(f'{count} with {how}' for how, count in sorted(endings.items())) or 'none'}"
        for wasKilled, name in ((False, "not killed"), (True, "killed")):
            found = self.longest[wasKilled]
            yield f"  longest standstill of what was {name}: {self.text(found) if found else 'none'}"


class Excuse:
    """While it lasts, a fault is in force."""

    def __init__(self, watch, workers):
        self.watch, self.workers = watch, workers

    def __enter__(self):
        with self.watch.lock:
            for worker in self.workers:
                worker.excuses += 1

    def __exit__(self, *ignored):
        # Coming back begins anew with each fault that is over: what stood until then is judged, and counted from nothing.
        with self.watch.lock:
            for worker in self.workers:
                worker.excuses -= 1
                self.watch.conclude(worker)
