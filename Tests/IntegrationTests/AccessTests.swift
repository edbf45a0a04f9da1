import Foundation
import Testing

/// The access list against what the processes really ask of a broker, request by request.
@Suite(
    .serialized,
    .enabled(
        if: TestEnvironment.canRun && TestEnvironment.python != nil,
        "ACCOUNTABILITY_BIN and the broker are not set; Deploy/test sets them"
    ),
    .timeLimit(.minutes(30))
)
struct AccessTests {
    /// A right, as a line of the access list or as a request asked for it.
    struct Right: Hashable, CustomStringConvertible {
        var operation: String
        var resource: String
        var name: String
        var isPrefix = false
        var description: String { "\(operation) \(resource) \(name)\(isPrefix ? "*" : "")" }

        func covers(_ other: Right) -> Bool {
            operation == other.operation && resource == other.resource
                && (isPrefix ? other.name.hasPrefix(name) : other.name == name)
        }
    }

    /// What was asked for and is not granted.
    static func missing(_ asked: Set<Right>, _ granted: [Right]) -> [Right] {
        asked.filter { right in !granted.contains { $0.covers(right) } }
    }

    /// What is granted and was never asked for; to describe is part of every other right.
    static func unused(_ asked: Set<Right>, _ granted: [Right]) -> [Right] {
        granted.filter { right in
            var sought = right
            if right.operation != "Describe" { return !asked.contains { sought.covers($0) } }
            return !asked.contains {
                sought.operation = $0.operation
                return sought.covers($0)
            }
        }
    }

    private static func granted(_ json: String) throws -> [String: [Right]] {
        let list = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
        var result: [String: [Right]] = [:]
        for entry in list {
            let principal = try #require(entry["principal"] as? String).dropFirst("User:".count)
            for grant in try #require(entry["grants"] as? [[String: Any]]) {
                for operation in try #require(grant["operations"] as? [String]) {
                    result[String(principal), default: []]
                        .append(
                            Right(
                                operation: operation,
                                resource: try #require(grant["resource"] as? String),
                                name: try #require(grant["name"] as? String),
                                isPrefix: grant["pattern"] as? String == "prefixed"
                            )
                        )
                }
            }
        }
        return result
    }

    @Test func grantsWhatTheProcessesAskForAndNoMore() throws {
        let namespace = "acl\(UInt32.random(in: .min ... .max))"
        let listener = try Listener(namespace: namespace)
        let state = try SyntheticState(students: 600, seed: 21)
        let home = FileManager.default.temporaryDirectory.appending(path: "accountability-\(namespace)")
        defer { try? FileManager.default.removeItem(at: home) }
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        let key = home.appending(path: "pseudonym.key")
        try #require(
            FileManager.default.createFile(
                atPath: key.path,
                contents: Data(String(repeating: "5a", count: 32).utf8),
                attributes: [.posixPermissions: 0o600]
            )
        )
        let environment = ["ACCOUNTABILITY_HOME": home.path]
        let cluster = ["--brokers", listener.address, "--namespace", namespace]
        func tool(_ arguments: [String], codes: Set<Int32> = [0], as principal: String = "operator") throws -> Outcome {
            let outcome = try run(
                "\(TestEnvironment.programs ?? "")/accountability",
                arguments + cluster + ["--property", "client.id=\(principal)"],
                environment: environment
            )
            try #require(codes.contains(outcome.code), "\(arguments): \(outcome.code) \(outcome.errors)")
            return outcome
        }
        func workers() throws -> LooseWorkers {
            try LooseWorkers(
                { stage in
                    cluster + ["--property", "client.id=\(stage)-worker", "--listen", "none"]
                        + (stage == "notification" ? ["--spool", home.appending(path: "spool").path] : [])
                },
                environment: environment,
                log: home.appending(path: "workers.log")
            )
        }
        _ = try tool(["topics", "--create", "--partitions", "2", "--replication", "1"])
        let first = try workers()
        for year in ["2018", "2019"] { _ = try tool(["open-year", year]) }
        // The state's files, and rows that the stages after validation refuse: counts and values where there are
        // student records.
        let extra = try Self.supplied(besides: state)
        _ = try tool(["submit"] + state.files)
        _ = try tool(["submit"] + extra, codes: [0, 65])
        for year in ["2018", "2019"] { _ = try tool(["close-year", year, "--timeout", "120"]) }
        #expect(first.stop() == Array(repeating: 0, count: 7))
        // Garbage in every topic, for the right to put it into quarantine and back.
        let entities = [
            "submissions", "receipts", "rejections", "records", "directives", "participation", "indicators",
            "standings", "percentiles", "determinations", "confirmations", "publications",
            "notices", "deliveries", "quarantine", "progress", "positions",
        ]
        for entity in entities {
            let garbage =
                "printf garbage | timeout 30 kcat -P -b \(TestEnvironment.brokers ?? "") -t \(namespace).accountability.\(entity).v1 -p 0 -k x"
            let produced = try run("/bin/sh", ["-c", garbage])
            #expect(produced.code == 0, "a compacted topic takes nothing without a key: \(produced.errors)")
        }
        // What was published before is read back after a restart.
        let second = try workers()
        _ = try tool(["submit"] + state.corrections, codes: [0, 65])
        for command in [["determinations", "2019"], ["status", "--once"], ["rejections", "2019"], ["doctor"]] {
            _ = try tool(command, codes: [0, 64, 65, 78, 1])
        }
        // By origin and stage: what a topic does not hold is found by every stage that reads it, or by the inspection.
        func found() throws -> [[Substring]] {
            let listing = try tool(["quarantine", "--format", "csv"])
            #expect(!listing.output.contains("garbage"))
            return listing.output.split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
        }
        func awaiting(_ count: Int) throws -> [[Substring]] {
            let deadline = ContinuousClock.now + .seconds(30)
            while try Set(found().map { $0[0] }).count < count, ContinuousClock.now < deadline {
                Thread.sleep(forTimeInterval: 0.5)
            }
            return try found()
        }
        let first15 = try awaiting(entities.count)
        #expect(
            Set(first15.map { $0[0].split(separator: "/")[0] })
                == Set(entities.map { "\(namespace).accountability.\($0).v1" })
        )
        // The logs that a stage watches it checks against what it has sent, whatever the headers say.
        let watched = ["rejections", "notices"].map { "\(namespace).accountability.\($0).v1" }
        #expect(
            first15.allSatisfy { entry in
                entry[2] == "headers_missing"
                    || entry[2] == "foreign_producer" && watched.contains { entry[0].hasPrefix($0) }
            }
        )
        #expect(Set(first15.map { "\($0[0]) \($0[1])" }).count == first15.count)
        // What a stage found in its own table it took out again: over that, a record is put back only by force.
        let replayed = try tool(["quarantine", "--replay", "--all"], codes: [65], as: "repair")
        let left = replayed.errors.split(separator: "\n")
            .filter { $0.contains(" was left: ") && $0.contains(" has a newer record") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        // Where the key decides whose a record is, a key that is none is nobody's: standings and percentiles.
        let tables = [
            "directives", "participation", "indicators", "determinations", "confirmations", "publications",
        ]
        #expect(
            Set(left.compactMap { $0.split(separator: "/").first.map(String.init) })
                == Set(tables.map { "\(namespace).accountability.\($0).v1" })
        )
        #expect(replayed.output == "put \(entities.count - left.count) records back\n", "\(replayed.errors)")
        let forced = try tool(["quarantine", "--replay", "--force"] + left, as: "repair")
        #expect(forced.output == "put \(left.count) records back\n", "\(forced.errors)")
        // What still cannot be used comes back.
        #expect(Set(try awaiting(2 * entities.count).map { $0[0] }).count == 2 * entities.count)
        #expect(second.stop() == Array(repeating: 0, count: 7))
        let subscriber = try run(
            "/usr/bin/env",
            [
                "timeout", "30", "kcat", "-b", listener.address, "-X", "client.id=subscriber", "-X",
                "auto.offset.reset=earliest", "-c", "1", "-q", "-G",
                "\(namespace).subscriber.first", "\(namespace).accountability.publications.v1",
            ]
        )
        #expect(subscriber.code == 0, "\(subscriber.errors)")

        let granted = try Self.granted(try tool(["topics", "--acls", "--json"]).output)
        var asked: [String: Set<Right>] = [:]
        let resources = [
            "Topic": "topic", "Group": "group", "TransactionalId": "transactional-id", "Cluster": "cluster",
        ]
        for request in try listener.requests() where request.count == 4 {
            asked[request[0], default: []]
                .insert(Right(operation: request[1], resource: resources[request[2]] ?? request[2], name: request[3]))
        }
        #expect(granted.count == 10)
        let read = granted["subscriber"]?.filter { $0.operation == "Read" && $0.resource == "topic" }
        #expect(read?.map(\.name) == ["\(namespace).accountability.publications.v1"], "nothing else is public")
        for (principal, rights) in granted.sorted(by: { $0.key < $1.key }) {
            let needed = asked[principal] ?? []
            #expect(Self.missing(needed, rights) == [], "\(principal) asks for more than it is granted")
            guard principal != "operator" else { continue }
            #expect(Self.unused(needed, rights) == [], "\(principal) is granted more than it asks for")
            // The comparison itself sees a right that is taken away, and one that is too much.
            for right in rights where right.operation != "Describe" {
                #expect(Self.missing(needed, rights.filter { $0 != right }) != [], "\(principal) without \(right)")
            }
            let surplus = Right(operation: "Write", resource: "topic", name: "\(namespace).other")
            #expect(Self.unused(needed, rights + [surplus]) == [surplus])
        }

        let commands = try tool(["topics", "--acls", "--principal-prefix", "state-"]).output
        #expect(
            commands.contains("--allow-principal 'User:state-validation-worker'")
                && commands.contains("--resource-pattern-type prefixed")
        )
        #expect(try run("/bin/sh", ["-n", "-c", commands]).code == 0)
    }

    /// A file of counts and one of values for a school that has student records.
    private static func supplied(besides state: SyntheticState) throws -> [String] {
        let results = try #require(state.files.first { $0.contains("assessment_results") })
        let lines = try String(contentsOfFile: results, encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let header = lines[0].map(String.init)
        let organization = try #require(header.firstIndex(of: "org_code"))
        let year = try #require(header.firstIndex(of: "school_year"))
        let school = String(lines[1][organization])
        let spring = String(lines[1][year])
        let files = [
            "supplied-participation_counts.csv":
                "school_year,org_code,grade,group,subject,enrolled,standard,alternate,absent,medical,first_year_el,after_october\n"
                + "\(spring),\(school),all,all_students,ELA,42,41,0,1,0,0,0\n",
            "supplied-indicator_values.csv":
                "school_year,org_code,comparison_group,grade_span,group,indicator,value,count\n"
                + "\(spring),\(school),non_high,non_high,all_students,ela_achievement,499.5,42\n"
                + "\(spring),\(school),non_high,non_high,all_students,ela_achievement,not a number,42\n",
            "supplied-directives.csv":
                "school_year,org_code,directive,kind,effective_date\n\(spring),\(school),designation,underperforming,\(spring)-09-24\n",
        ]
        return try files.sorted { $0.key < $1.key }
            .map { name, text in
                let path = "\(state.folder)/\(name)"
                try text.write(toFile: path, atomically: true, encoding: .utf8)
                return path
            }
    }
}
