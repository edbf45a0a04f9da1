import Foundation
import Testing

/// Accidents that befall the topics of a running installation: found, told, mended.
@Suite(
    .serialized,
    .enabled(if: Machine.canRun, "ACCOUNTABILITY_BIN and ACCOUNTABILITY_BROKER_BIN are not set; Deploy/test sets them"),
    .timeLimit(.minutes(30))
)
struct HealingTests {
    private static let organizations = """
        school_year,org_code,org_type,name,district_code,comparison_group,enrollment,non_high_enrollment,high_enrollment
        2019,00010000,district,One,00010000,,100,0,100
        2019,00010005,school,One High,00010000,high,100,0,100
        2019,00020000,district,Two,00020000,,50,50,0
        2019,00020005,school,Two Elementary,00020000,non_high,50,50,0

        """
    private static func participation(_ standard: Int) -> String {
        """
        school_year,org_code,grade,group,subject,enrolled,standard,alternate,absent,medical,first_year_el,after_october
        2019,00010005,all,all_students,ELA,100,\(standard),0,\(100 - standard),0,0,0
        2019,00020005,all,all_students,ELA,50,50,0,0,0,0,0

        """
    }

    /// A machine with a year that was closed, and corrected afterwards.
    func machine() throws -> Machine {
        let machine = try Machine()
        try machine.up()
        try fill(machine)
        return machine
    }

    private func fill(_ machine: Machine) throws {
        try machine.must(["open-year", "2019"])
        try machine.must(["submit", try machine.file("organizations.csv", Self.organizations)])
        try machine.must(["submit", try machine.file("participation.csv", Self.participation(99))])
        try machine.must(["close-year", "2019", "--timeout", "120"])
        try machine.must(["submit", try machine.file("corrections.csv", Self.participation(90))])
        try settle(machine)
    }

    /// Waits until nothing is behind and everybody is ready.
    func settle(_ machine: Machine) throws {
        try machine.wait("settled", seconds: 90) {
            let status = try machine.call(["status", "--once"])
            guard status.code == 0, let line = status.lines.last(where: { $0.hasPrefix("records behind") }) else {
                return false
            }
            return line.split(separator: ":")[1].split(separator: ",").allSatisfy { $0.hasSuffix(" 0") }
        }
    }

    func results(_ machine: Machine) throws -> [String] {
        try machine.must(["determinations", "2019", "--canonical"]).lines
    }

    private func problems(_ machine: Machine) throws -> [[String: String]] {
        try machine.doctor().filter { $0["severity"] == "problem" }
    }

    @Test func recreatedTopicsAreFilledAgainAndCorrectionsArrive() throws {
        let machine = try machine()
        let before = try results(machine)
        #expect(!before.isEmpty)
        let notices = try machine.must(["notices", "--format", "csv"]).lines.count
        for topic in ["records", "participation", "indicators", "standings", "percentiles", "receipts", "directives"] {
            try machine.must(["topics", "--recreate", topic, "--yes"])
            // Found at the latest by the look at the outputs, every thirty seconds.
            try machine.wait("\(topic) is whole again", seconds: 120) {
                try machine.call(["audit", "--recompute"]).code == 0
            }
            try settle(machine)
            #expect(try results(machine) == before, "\(topic)")
        }
        #expect(try machine.must(["notices", "--format", "csv"]).lines.count == notices, "nobody is told twice")
        // A correction arrives as if nothing had been.
        try machine.must(["submit", try machine.file("later.csv", Self.participation(80))])
        try machine.wait("the correction arrives", seconds: 60) { try results(machine) != before }
        try settle(machine)
        try machine.must(["audit", "--recompute"])
    }

    /// A new version brings topics of which its stages remember nothing: the records of before there were blocks were
    /// made anew like that, and no stage had kept what it published.
    @Test func aTopicOfWhichNobodyKnowsIsFilled() throws {
        let host = try Machine()
        try host.up()
        let guest = try Machine()
        let up = [
            "up", "--brokers", try host.brokers(), "--local-broker", "--namespace", "second", "--partitions", "2",
            "--timeout", "120",
        ]
        try guest.must(up)
        try fill(guest)
        let before = try results(guest)
        #expect(!before.isEmpty)
        try guest.must(["down"])
        try administer(
            """
            names = [name + "." + topic + ".v1" for topic in ("records", "positions", "confirmations")]
            for future in admin.delete_topics(names).values(): future.result()
            """,
            "second.accountability",
            guest
        )
        try guest.must(up)
        try settle(guest)
        #expect(try results(guest) == before)
        try guest.must(["audit", "--recompute"])
        try guest.must(["submit", try guest.file("later.csv", Self.participation(80))])
        try guest.wait("a correction arrives", seconds: 60) { try results(guest) != before }
    }

    /// The ledger can't be made anew from anything but what the home keeps of it.
    @Test(arguments: ["deleted", "cut off"]) func aLedgerThatLostRecordsEndsInAnAlarmWhoseRemedyWorks(_ fault: String)
        throws
    {
        let machine = try machine()
        let before = try results(machine)
        let ledger = "accountability.submissions.v1"
        if fault == "deleted" {
            try administer(
                """
                for future in admin.delete_topics([name]).values(): future.result()
                time.sleep(1)
                kept = {"retention.ms": "-1", "retention.bytes": "-1"}
                for future in admin.create_topics([NewTopic(name, 2, 1, config=kept)]).values(): future.result()
                """,
                ledger,
                machine
            )
        } else {
            try administer(
                "for future in admin.delete_records([TopicPartition(name, 0, 2)]).values(): future.result()",
                ledger,
                machine
            )
        }
        // Found at the latest by the look every thirty seconds; then the worker ends with 78, and doctor says why.
        try machine.wait("the alarm", seconds: 120) {
            try problems(machine)
                .contains {
                    $0["why"]?.contains("was recreated or truncated") == true || $0["why"]?.contains("gone") == true
                }
        }
        try machine.wait("validation says so", seconds: 60) {
            machine.log("validation-1")
                .contains(fault == "deleted" ? "are gone" : "the beginning of \(ledger)[0] is gone")
        }
        let audit = try machine.call(["audit"])
        #expect(audit.code == 78, "\(audit.output)")
        #expect(audit.output.contains("`accountability down` and `accountability up`"), "\(audit.output)")
        // The remedy that it names.
        try machine.must(["down"])
        try machine.must(["up", "--broker-port", "0", "--partitions", "2", "--timeout", "120"])
        try machine.wait("what stood stands again", seconds: 120) { (try? results(machine)) == before }
        try settle(machine)
        #expect(try results(machine) == before)
        try machine.must(["audit", "--recompute"])
    }

    /// A stranger's value of a table is found without computing anything again while the stage that would put its own
    /// back stands still, and the remedy mends it.
    @Test func aForgedRecordIsFoundByWhatTheStageStates() throws {
        let machine = try machine()
        let before = try results(machine)
        try machine.must(["audit"])
        let worker = try #require(machine.pid("participation-1"))
        #expect(kill(worker, SIGSTOP) == 0)
        defer { kill(worker, SIGCONT) }
        try forge("accountability.participation.v1", "b''", machine)
        let audit = try machine.call(["audit"])
        #expect(audit.code == 78 && audit.output.contains("has published"), "\(audit.output)")
        #expect(audit.output.contains("`accountability rebuild --stage participation`"), "\(audit.output)")
        #expect(kill(worker, SIGCONT) == 0)
        try machine.must(["rebuild", "--stage", "participation", "--timeout", "120"])
        try settle(machine)
        try machine.wait("all is well again", seconds: 60) { try machine.call(["audit", "--recompute"]).code == 0 }
        #expect(try results(machine) == before)
    }

    /// A determination that a stranger writes while everything runs: its stage puts its own back within seconds, and no
    /// notice goes out about the stranger's, by none of the ways that notices take.
    @Test func aForgedDeterminationIsPutBackAndNoNoticeGoesOut() throws {
        let machine = try machine()
        let determinations = { try machine.must(["determinations", "2019", "--format", "csv"]).output }
        let notices = { try machine.must(["notices", "--format", "csv"]).output }
        let spooled = {
            let all = FileManager.default.enumerator(atPath: "\(machine.home)/spool")?.allObjects as? [String] ?? []
            return all.filter { $0.hasSuffix(".json") }.sorted()
        }
        try machine.wait("notices are delivered", seconds: 60) {
            let count = try notices().split(separator: "\n").count - 1
            return count > 0 && spooled().count == count
        }
        let (before, told, files) = (try determinations(), try notices(), spooled())
        // Of a protobuf scalar the last value counts: another classification, level, revision and time.
        let forged = """
            found.value() + b"\\x32\\x14requiring_assistance" + b"\\x3a\\x13broad_comprehensive" + b"\\xe0\\x03\\x09" + b"\\xf8\\x03\\x80\\xf0\\xcc\\x86\\xa6\\x37"
            """
        try forge("accountability.determinations.v1", forged, machine)
        let since = ContinuousClock.now
        let quarantine = { try machine.must(["quarantine", "--code", "foreign_producer", "--format", "csv"]).lines }
        try machine.wait("the stage notices", seconds: 30) { try quarantine().count == 2 }
        try machine.wait("its own stands again", seconds: 30) { try determinations() == before }
        print("a forged determination was put back after \(ContinuousClock.now - since)")
        #expect(try quarantine()[1].hasPrefix("accountability.determinations.v1/"))
        #expect(try machine.must(["audit", "--recompute"]).code == 0)
        // One that comes while the stage is not there: its next life puts its own back, as it was.
        let worker = try #require(machine.pid("determination-1"))
        #expect(kill(worker, SIGKILL) == 0)
        try forge("accountability.determinations.v1", forged, machine)
        try machine.wait("a new life", seconds: 90) { machine.pid("determination-1").map { $0 != worker } ?? false }
        try machine.wait("its own stands again", seconds: 60) {
            try determinations() == before && (try? machine.ready("determination-1")) == 200
        }
        // A correction after it is told, and nothing else was.
        try machine.must(["submit", try machine.file("later.csv", Self.participation(80))])
        try machine.wait("the correction arrives", seconds: 60) { try determinations() != before }
        try machine.wait("it is told", seconds: 60) { try notices() != told && spooled() != files }
        try settle(machine)
        let news = Set(try notices().split(separator: "\n")).subtracting(told.split(separator: "\n"))
        #expect(news.allSatisfy { $0.contains("0001000") }, "\(news)")
        #expect(!news.contains { $0.contains("/9") }, "the stranger's revision: \(news)")
        #expect(spooled().count == (try notices().split(separator: "\n").count) - 1)
        try machine.must(["audit", "--recompute"])
    }

    /// A transaction that outlived a stop of the broker's service has nobody who could end it: after a worker's death
    /// the supervisor starts the broker again, and everything goes on.
    @Test func aTransactionThatNobodyCanEndIsEndedByTheSupervisor() throws {
        let machine = try machine()
        let before = try results(machine)
        try administer(
            """
            import os, subprocess
            producer = Producer({"bootstrap.servers": sys.argv[1], "transactional.id": "gone"})
            def write():
                producer.produce(name, partition=0, key=b"gone", headers={"ce_source": "/accountability/validation"})
                if producer.flush(20): sys.exit("not written")
            def service(act):
                program = os.environ["ACCOUNTABILITY_BROKER_BIN"]
                subprocess.run([program, act, "kafka", "--data-dir", "\(machine.home)/broker"], check=True, capture_output=True)
            producer.init_transactions(20)
            producer.begin_transaction()
            write()
            service("stop")
            time.sleep(1)
            service("start")
            time.sleep(2)
            write()
            os._exit(0)
            """,
            "accountability.positions.v1",
            machine
        )
        let broker = try #require(machine.pid("broker"))
        let worker = try #require(machine.pid("validation-1"))
        #expect(kill(worker, SIGKILL) == 0)
        try machine.wait("another broker", seconds: 120) { machine.pid("broker").map { $0 != broker } ?? false }
        #expect(machine.log("supervisor").contains("the local broker does not end a transaction"))
        try machine.wait("ready", seconds: 90) { try machine.ready("validation-1") == 200 }
        try settle(machine)
        #expect(try results(machine) == before)
        try machine.must(["submit", try machine.file("later.csv", Self.participation(80))])
        try machine.wait("the correction arrives", seconds: 60) { try results(machine) != before }
    }

    /// What stages state stays hidden while a transaction is open in front of it: nothing was lost.
    @Test func hiddenStatementsAreNotTakenForLostRecords() throws {
        let machine = try machine()
        let before = try results(machine)
        let transaction = try StrangersTransaction(in: "accountability.positions.v1", of: machine)
        let correction = try machine.file("later.csv", Self.participation(80))
        try machine.must(["submit", "--no-wait", correction])
        try machine.wait("the correction arrives", seconds: 60) { try results(machine) != before }
        let audit = try machine.call(["audit"])
        #expect(audit.code == 0, "\(audit.output)")
        try transaction.end()
        try settle(machine)
        try machine.must(["audit", "--recompute"])
    }

    /// Writes another value under the key of the first record of 2019, with the headers of the stage.
    ///
    /// - `value`: in Python; the record is `found`.
    private func forge(_ topic: String, _ value: String, _ machine: Machine) throws {
        try administer(
            """
            consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "forger", "isolation.level": "read_committed"})
            consumer.assign([TopicPartition(name, p, 0) for p in range(2)])
            found = None
            end = time.time() + 20
            while found is None and time.time() < end:
                record = consumer.poll(0.5)
                if record and not record.error() and record.key()[:4] == b"2019" and record.value(): found = record
            producer = Producer({"bootstrap.servers": sys.argv[1]})
            producer.produce(name, partition=found.partition(), key=found.key(), value=\(value), headers=found.headers())
            producer.flush(10)
            """,
            topic,
            machine
        )
    }

    /// Does something to a topic, as an administrator or a stranger may.
    private func administer(_ what: String, _ name: String, _ machine: Machine) throws {
        let script = """
            import sys, time
            from confluent_kafka import Consumer, Producer, TopicPartition
            from confluent_kafka.admin import AdminClient, NewTopic
            admin = AdminClient({"bootstrap.servers": sys.argv[1]})
            name = sys.argv[2]
            \(what)
            """
        let outcome = try run(try #require(TestEnvironment.python), ["-c", script, try machine.brokers(), name])
        try #require(outcome.code == 0, "\(outcome.errors)")
    }
}

/// What the local broker forgets is taken again from the home.
@Suite(
    .serialized,
    .enabled(if: Machine.canRun, "ACCOUNTABILITY_BIN and ACCOUNTABILITY_BROKER_BIN are not set; Deploy/test sets them"),
    .timeLimit(.minutes(30))
)
struct BrokerMemoryTests {
    @Test(arguments: [true, false]) func whatTheBrokerForgotIsTakenAgain(_ isWiped: Bool) throws {
        let machine = try HealingTests().machine()
        let before = try HealingTests().results(machine)
        #expect(!before.isEmpty)
        let workers = try #require(machine.pid("validation-1"))
        try leaveDraft(machine)
        if isWiped {
            // Everything is gone, and comes again with the next `up`.
            try machine.must(["down"])
            try FileManager.default.removeItem(atPath: "\(machine.home)/broker")
            let up = try machine.must(["up", "--broker-port", "0", "--partitions", "2", "--timeout", "120"])
            #expect((up.output + up.errors).contains("had lost"), "\(up.output) \(up.errors)")
        } else {
            // Killed in the middle: the supervisor brings it back, and the workers after it.
            let broker = try #require(machine.pid("broker"))
            kill(broker, SIGKILL)
            try machine.wait("workers of a new life", seconds: 90) {
                machine.pid("validation-1").map { $0 != workers } ?? false
            }
            try machine.wait("ready", seconds: 90) { try machine.ready("determination-1") == 200 }
        }
        try machine.wait("what stood stands again", seconds: 120) {
            (try? HealingTests().results(machine)) == before
        }
        try HealingTests().settle(machine)
        #expect(try HealingTests().results(machine) == before)
        let audit = try machine.call(["audit", "--recompute"])
        #expect(audit.code == 0, "\(audit.output)")
    }

    /// The figures that everybody sees of a year, one a line.
    private func figures(_ machine: Machine) throws -> Set<String> {
        let text = try machine.must(["determinations", "2019", "--as", "public", "--format", "json"]).output
        let publications = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]] ?? []
        return Set(
            publications.flatMap { publication in
                (publication["figures"] as? [[String: Any]] ?? [])
                    .map { figure in
                        "\(publication["org_code"] ?? "") "
                            + figure.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: " ")
                    }
            }
        )
    }

    /// A correction after the release is ranked among the ranks that were released, also by a broker that forgot them;
    /// and it shows the same numbers of students.
    @Test func theReleasedRanksComeAgain() throws {
        let state = try SyntheticState(students: 1500, seed: 3)
        let machine = try Machine()
        try machine.up(partitions: 2)
        for year in ["2018", "2019"] { try machine.must(["open-year", year]) }
        try machine.must(["submit"] + state.files)
        for year in ["2018", "2019"] { try machine.must(["close-year", year, "--timeout", "120"]) }
        try machine.must(["directive", "release", "official", "--year", "2019", "--date", "2019-09-24"])
        try HealingTests().settle(machine)
        let released = try HealingTests().results(machine)
        let correction = try #require(state.corrections.first { $0.contains("attendance") })
        try machine.call(["submit", correction, "--by", "A. Clerk"])
        let receipts = try machine.must(["receipts", "--format", "csv"]).lines
        let line = try #require(receipts.last { $0.contains("corrections-attendance") })
        try machine.must(["approve", String(try #require(line.split(separator: ",").first)), "--by", "B. Chief"])
        try machine.wait("the correction arrives") { (try? HealingTests().results(machine)) != released }
        try HealingTests().settle(machine)
        let before = try HealingTests().results(machine)
        let shown = try machine.must(["percentiles", "2019", "--as", "public", "--format", "csv"]).output
        let published = try figures(machine)
        #expect(published.contains { $0.contains("students") })
        try machine.must(["down"])
        try FileManager.default.removeItem(atPath: "\(machine.home)/broker")
        try machine.must(["up", "--broker-port", "0", "--partitions", "2", "--timeout", "120"])
        try machine.wait("what stood stands again", seconds: 120) {
            (try? HealingTests().results(machine)) == before
        }
        try HealingTests().settle(machine)
        #expect(try HealingTests().results(machine) == before)
        #expect(try machine.must(["percentiles", "2019", "--as", "public", "--format", "csv"]).output == shown)
        #expect(try figures(machine) == published)
        // The topic of the publications is gone and the ledger is not: they come from the ledger as it grew.
        try machine.must(["topics", "--recreate", "publications", "--yes"])
        #expect(try figures(machine) == published)
        // The stage finds it within thirty seconds, and begins anew.
        let worker = machine.pid("determination-1")
        try machine.wait("a new life", seconds: 120) {
            machine.pid("determination-1").map { $0 != worker } ?? false
                && (try? machine.ready("determination-1")) == 200
        }
        try HealingTests().settle(machine)
        #expect(try figures(machine) == published)
        let audit = try machine.call(["audit", "--recompute"])
        #expect(audit.code == 0, "\(audit.output)")
    }

    /// What an attempt at a file leaves that died before its commit, where the next attempt was committed.
    private func leaveDraft(_ machine: Machine) throws {
        let folder = URL(filePath: "\(machine.home)/ledger")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let name = try #require(names.first { $0.contains("Z-") && $0.hasSuffix(".entries") })
        let all = try Data(contentsOf: folder.appendingPathComponent(name))
        let id = name.drop { $0 != "-" }.dropLast(".entries".count)
        try all.prefix(all.count * 2 / 3).write(to: folder.appendingPathComponent("1000\(id).draft"))
    }

    @Test func downTellsWhereTheBrokerCannotWrite() throws {
        let machine = try Machine()
        try machine.up()
        let broker = "\(machine.home)/broker"
        try FileManager.default.moveItem(atPath: broker, toPath: "\(broker).aside")
        try Data().write(to: URL(filePath: broker))
        let refused = try machine.call(["down"])
        #expect(refused.code == 75 && refused.errors.contains("nothing was stopped"), "\(refused.errors)")
        #expect(machine.pid("validation-1") != nil)
        // The remedy that it names.
        try FileManager.default.removeItem(atPath: broker)
        try FileManager.default.moveItem(atPath: "\(broker).aside", toPath: broker)
        try machine.must(["down"])
    }

    /// What is missing before what stands has to come before it again: a correction does not come before what it
    /// corrects.
    @Test func whatTheBrokerLostInTheMiddleComesBackInOrder() throws {
        let machine = try HealingTests().machine()
        let before = try HealingTests().results(machine)
        let receipts = try machine.must(["receipts", "--format", "csv"]).lines
        let original = try #require(receipts.first { $0.contains("participation.csv") })
        let id = String(try #require(original.split(separator: ",").first))
        try machine.must(["down"])
        // A broker that never had the original file, and has the correction.
        try FileManager.default.removeItem(atPath: "\(machine.home)/broker")
        let folder = "\(machine.home)/ledger"
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.contains(id) }
        )
        try FileManager.default.moveItem(atPath: "\(folder)/\(name)", toPath: "\(machine.folder)/\(name)")
        try machine.up()
        try machine.must(["down"])
        try FileManager.default.moveItem(atPath: "\(machine.folder)/\(name)", toPath: "\(folder)/\(name)")
        let up = try machine.must(["up", "--broker-port", "0", "--partitions", "2", "--timeout", "120"])
        #expect((up.output + up.errors).contains("had lost"), "\(up.output) \(up.errors)")
        try machine.wait("what stood stands again", seconds: 120) {
            (try? HealingTests().results(machine)) == before
        }
        try HealingTests().settle(machine)
        #expect(try HealingTests().results(machine) == before)
        try machine.must(["audit", "--recompute"])
    }
}
