internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Streaming

/// Checks the brokers, the topics on them, the groups of the stages, and whether a transaction can be made.
struct BrokerCheck {
    let connection: Connection
    private let timeout = BrokerPatience.answer
    private let logger: Logger

    init(_ connection: Connection) {
        self.connection = connection
        var logger = Logger(label: "accountability")
        logger.logLevel = .critical
        self.logger = logger
    }

    func findings() -> [Finding] {
        let admin: Admin
        let cluster: ClusterDescription
        do {
            admin = try Admin(connection.kafka, logger: logger)
            cluster = try admin.describeCluster(timeout: timeout)
        } catch {
            return [
                .problem(
                    "brokers",
                    connection.brokers,
                    "no broker answers (\(error))",
                    "start them (`accountability up` starts a local one), or name others with --brokers; check security.protocol and the firewall"
                )
            ]
        }
        var findings = [size(of: cluster)]
        let counts = (try? admin.describeTopics(timeout: timeout)) ?? [:]
        findings += topics(counts)
        findings += groups(admin, counts.mapValues { Int32($0.partitions.count) })
        if Topics.all.allSatisfy({ counts[connection.pipeline.name($0)] != nil }) {
            findings += DeliveryCheck(connection, now: Date()).findings()
            findings += installation(counts.mapValues { Int32($0.partitions.count) })
        }
        findings += audit()
        findings.append(transaction())
        findings += [waitingRows()].compactMap { $0 }
        findings += openTransactions(counts.mapValues { Int32($0.partitions.count) })
        findings += [clock(counts)].compactMap { $0 }
        return findings
    }

    /// Rows that are not counted because nobody declared their organization, or because it was deleted.
    private func waitingRows() -> Finding? {
        guard let reader = try? TopicReader(connection, logger: logger) else { return nil }
        defer { reader.close() }
        let rejections = try? reader.table(TableTopics.rejections) {
            $0.code == RejectionCode.unknownOrganization.rawValue
        }
        return WaitingRows.finding(WaitingRows.found(in: (rejections ?? []).map(\.message)))
    }

    private func size(of cluster: ClusterDescription) -> Finding {
        let count = cluster.brokers.count
        let identity = cluster.clusterID.map { ", cluster \($0)" } ?? ""
        let why = "\(count) broker\(count == 1 ? "" : "s") answer\(count == 1 ? "s" : "")\(identity)"
        if count < 3, !connection.kafka.isLocalBroker {
            return .warning(
                "brokers",
                connection.brokers,
                why,
                "the ledger is kept for ever: three brokers and replication 3 survive the loss of one"
            )
        }
        return .ok("brokers", connection.brokers, why)
    }

    private func topics(_ found: [String: TopicDescription]) -> [Finding] {
        var findings: [Finding] = []
        do {
            let topics = try PipelineTopics(connection)
            findings += try topics.notes()
                .map { .warning("topics", connection.brokers, $0, "leave it if it is intended") }
            findings += try topics.problems()
                .map {
                    .problem(
                        "topic",
                        connection.brokers,
                        $0,
                        "`accountability topics --create` creates what is missing; `accountability topics --help` says more"
                    )
                }
        } catch {
            findings.append(
                .problem(
                    "topics",
                    connection.brokers,
                    "they cannot be described (\(error))",
                    "the user of the client needs the right to describe topics and their configuration"
                )
            )
        }
        let names = Topics.all.map(connection.pipeline.name)
        for name in names {
            for partition in found[name]?.partitions ?? [] {
                if partition.leader < 0 {
                    findings.append(
                        .problem(
                            "partition",
                            "\(name)[\(partition.partition)]",
                            "no broker leads it",
                            "bring the brokers \(partition.replicas) back"
                        )
                    )
                } else if partition.inSyncReplicas.count < partition.replicas.count {
                    findings.append(
                        .warning(
                            "partition",
                            "\(name)[\(partition.partition)]",
                            "\(partition.inSyncReplicas.count) of \(partition.replicas.count) replicas are up to date",
                            "look at the brokers \(partition.replicas)"
                        )
                    )
                }
            }
        }
        if findings.isEmpty {
            findings.append(
                .ok(
                    "topics",
                    connection.brokers,
                    "\(names.count) topics with the required partitions and properties"
                )
            )
        }
        return findings
    }

    private func groups(_ admin: Admin, _ counts: [String: Int32]) -> [Finding] {
        let groups = StageGroup.all(connection.pipeline)
        guard groups.allSatisfy({ $0.topics.allSatisfy { counts[$0] != nil } }) else { return [] }
        var findings: [Finding] = []
        do {
            let reader = try LagReader(connection, logger: logger)
            defer { reader.close() }
            let lags = try reader.lags(of: groups, counts)
            var described: [String: GroupDescription] = [:]
            for group in try admin.describeGroups(groups.map(\.group), timeout: timeout) {
                described[group.groupID] = group
            }
            let stuck = try stuck(groups, lags, counts, reader)
            for (group, lag) in zip(groups, lags) {
                findings.append(
                    Self.finding(group, described[group.group], behind: lag, isStuck: stuck.contains(group.group))
                )
                if try reader.hasLostOffsets(group, counts) { findings.append(Self.lostOffsets(group)) }
            }
        } catch {
            findings.append(
                .problem(
                    "groups",
                    connection.brokers,
                    "they cannot be described (\(error))",
                    "the user of the client needs the right to describe groups"
                )
            )
        }
        return findings
    }

    /// What is said of a stage's group: whether it has members, and whether they keep up.
    private static func finding(
        _ group: StageGroup,
        _ description: GroupDescription?,
        behind lag: Int64,
        isStuck: Bool
    ) -> Finding {
        let members = description?.members.count ?? 0
        let state = description?.state ?? .unknown
        let why = "\(members) member\(members == 1 ? "" : "s"), \(state.rawValue), \(lag) records behind"
        if members == 0 {
            return .problem(
                "group",
                group.group,
                why,
                "no \(group.stage)-worker runs: `accountability up` starts them on this machine"
            )
        } else if state != .stable {
            return .warning(
                "group",
                group.group,
                why,
                "wait a moment; a group that never becomes stable has a member that keeps failing"
            )
        } else if isStuck {
            return .warning(
                "backlog",
                group.group,
                "\(why), and not fewer than \(Self.backlogPause) seconds ago",
                "read the log of the \(group.stage)-worker; more instances (`accountability up --instances N`) go faster"
            )
        } else {
            return .ok("group", group.group, why)
        }
    }

    /// The problems that `accountability audit` finds.
    ///
    /// Topics are checked already.
    private func audit() -> [Finding] {
        do {
            return try Audit(connection).findings().filter { $0.what != "topic" && $0.what != "topics" }
        } catch {
            return [
                .warning(
                    "audit",
                    connection.brokers,
                    "it cannot be run (\(error))",
                    "`accountability audit` runs it by itself"
                )
            ]
        }
    }

    private static let backlogPause = 3

    /// The groups that are behind and do not catch up.
    private func stuck(
        _ groups: [StageGroup],
        _ lags: [Int64],
        _ counts: [String: Int32],
        _ reader: LagReader
    ) throws -> Set<String> {
        guard lags.contains(where: { $0 > 0 }) else { return [] }
        Thread.sleep(forTimeInterval: Double(Self.backlogPause))
        let later = try reader.lags(of: groups, counts)
        return Set(
            zip(groups, zip(lags, later)).filter { $1.0 > 0 && $1.1 >= $1.0 }.map { $0.0.group }
        )
    }

    /// Whether the ledger belongs to this home and its key.
    private func installation(_ counts: [String: Int32]) -> [Finding] {
        let name = connection.pipeline.name(Topics.submissions)
        guard let installation = connection.installation, installation.namespace == connection.pipeline.namespace,
            let key = try? PseudonymKey(contentsOf: connection.home.pseudonymKey.path)
        else { return [] }
        do {
            let reader = try LedgerClaim.Reader(connection)
            defer { reader.close() }
            guard let standing = try reader.find() else {
                return [
                    .warning(
                        "installation",
                        name,
                        "the ledger does not name its installation",
                        "`accountability down` and `accountability up` claim it for this home"
                    )
                ]
            }
            let claim = LedgerClaim(
                identity: installation.identity ?? "",
                keyFingerprint: key.fingerprint,
                partitions: counts[name] ?? 0
            )
            try claim.check(against: standing, connection)
            return [.ok("installation", name, "the ledger is this installation's, under its key")]
        } catch let failure as Failure {
            return [
                .problem("installation", name, failure.message, "`accountability down`, then do what the message says")
            ]
        } catch {
            return [.warning("installation", name, "its claim cannot be read (\(error))", "look at the brokers")]
        }
    }

    /// A group without members loses its offsets after a time: seven days, unless the brokers are set otherwise.
    private static func lostOffsets(_ group: StageGroup) -> Finding {
        .warning(
            "offsets",
            group.group,
            "it has no committed offsets, though the stage has published: they expired, or were deleted",
            "the stage continues from what it kept on the topic positions; set offsets.retention.minutes of the brokers to more than the workers may ever be stopped"
        )
    }

    /// Begins a transaction under its own transactional id, and aborts it.
    ///
    /// Nothing is published.
    private func transaction() -> Finding {
        let identity = connection.pipeline.group("doctor")
        let start = ContinuousClock.now
        do {
            var kafka = connection.kafka
            kafka["transactional.id"] = identity
            let producer = try Producer(kafka, logger: logger)
            defer { producer.close(timeout: .seconds(2)) }
            try producer.initTransactions(timeout: BrokerPatience.answer)
            try producer.beginTransaction()
            try producer.abortTransaction(timeout: BrokerPatience.answer)
            let milliseconds = Int((ContinuousClock.now - start) / .milliseconds(1))
            return .ok("transaction", identity, "begun and aborted within \(milliseconds) ms")
        } catch {
            return .problem(
                "transaction",
                identity,
                "it cannot be made (\(error))",
                "the brokers must allow transactions (with transaction.state.log.* that fit their number), and the user of the client needs the right to the transactional id"
            )
        }
    }

    /// Transactions that have been open for longer than a commit takes.
    private func openTransactions(_ counts: [String: Int32]) -> [Finding] {
        do {
            let reader = try OpenTransactionReader(connection, logger: logger)
            defer { reader.close() }
            let now = Date()
            let open = try reader.find(in: OpenTransactionReader.places(connection.pipeline, counts))
                .filter { $0.isOld(at: now) }
            if open.isEmpty {
                return [.ok("open transactions", connection.brokers, "none hides what was written after it")]
            }
            return open.map {
                $0.isHanging(at: now)
                    ? .problem("open transaction", $0.place, $0.text, OpenTransaction.remedy)
                    : .warning("open transaction", $0.place, $0.text, OpenTransaction.remedy)
            }
        } catch {
            return [
                .warning(
                    "open transactions",
                    connection.brokers,
                    "it is not known whether there are any (\(error))",
                    "the user of the client needs the right to read the topics"
                )
            ]
        }
    }

    /// Whether a record has a time that is in the future on this machine; nil if there is no record to check.
    private func clock(_ found: [String: TopicDescription]) -> Finding? {
        let tolerance: Int64 = 5
        let time = Int64(Date().timeIntervalSince1970) + tolerance
        var times: [TopicPartition: Int64] = [:]
        for topic in [Topics.submissions, Topics.determinations, Topics.progress] {
            let name = connection.pipeline.name(topic)
            for partition in found[name]?.partitions ?? [] {
                times[TopicPartition(topic: name, partition: partition.partition)] = time * 1000
            }
        }
        guard !times.isEmpty else { return nil }
        do {
            var kafka = connection.kafka
            kafka["group.id"] = connection.pipeline.group("reader")
            let consumer = try Consumer(kafka, logger: logger)
            defer { consumer.close(timeout: .seconds(2)) }
            let ahead = try consumer.offsetsForTimes(times, timeout: timeout).filter { $0.offset.value != nil }
            guard let first = ahead.first else {
                return .ok("clock", "this machine", "no record is from later than \(tolerance) seconds from now")
            }
            return .warning(
                "clock",
                "\(first.topicPartition)",
                "it has records from more than \(tolerance) seconds in the future",
                "set the clocks of this machine, the workers and the brokers by NTP: times of issue come from them"
            )
        } catch {
            return .warning(
                "clock",
                connection.brokers,
                "it cannot be compared (\(error))",
                "compare it by hand; times of issue come from it"
            )
        }
    }
}
