internal import Messages

/// A wrong setting of a topic, and its remedy.
enum TopicDrift {
    /// The property that decides which records of a topic are deleted.
    static let policy = "cleanup.policy"

    /// The partition count of most tables; the larger count if two are equally frequent.
    static func partitions(of counts: [Int32]) -> Int32 {
        let frequency = Dictionary(counts.map { ($0, 1) }, uniquingKeysWith: +)
        return frequency.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? 0
    }

    /// The problem of a topic whose number of partitions differs from the others'.
    static func partitions(_ topic: TopicDefinition, _ name: String, _ count: Int32, _ expected: Int32) -> String {
        let what =
            "\(name) has \(count) partition\(count == 1 ? "" : "s") and must have \(expected): tables are joined by partition. "
        if topic == Topics.submissions {
            return what
                + "Do not delete it, because nothing else has its records: stop what submits files, and submit "
                + "all of them into a new namespace (--namespace NAME)"
        }
        return what
            + "`accountability topics --recreate \(topic.entity) --yes` recreates it, and its stage fills it again from the ledger"
    }

    /// Properties that decide whether records are kept, in which order they are read and whether they fit, each with
    /// its required value.
    static func required(_ topic: TopicDefinition) -> [String: String] {
        var required = topic.configuration
        switch topic.retention {
        // A size limit would delete records even without a time limit.
        case .forever, .days: required["retention.bytes"] = "-1"
        case .compacted: break
        }
        // A replica that lags must not become leader, because acknowledged records would be lost.
        required["unclean.leader.election.enable"] = "false"
        // The times are those of the submissions and not of the broker that stores them.
        required["message.timestamp.type"] = "CreateTime"
        return required
    }

    /// The smallest record that has to fit: a message of a mebibyte and its overhead.
    static let smallestMessage: Int64 = 1_048_588

    /// The wrong settings, each with the command that repairs it.
    ///
    /// - Parameters:
    ///   - topic: what it must be.
    ///   - name: its name on the brokers.
    ///   - properties: the topic's, as the brokers report them. Unreported properties are not checked.
    ///   - brokers: the brokers that the command connects to.
    ///   - isLocalBroker: whether it is the local one.
    /// - Returns: a sentence for each property.
    static func properties(
        _ topic: TopicDefinition,
        _ name: String,
        _ properties: [String: String],
        brokers: String,
        isLocalBroker: Bool
    ) -> [String] {
        func repair(_ property: String, _ value: String) -> String {
            if topic == Topics.records, property == policy {
                return
                    "; before blocks existed it was a table: `accountability topics --recreate \(topic.entity) --yes` recreates it, and "
                    + "validation fills it again from the ledger"
            }
            return isLocalBroker
                ? ""
                : "; kafka-configs.sh --bootstrap-server \(brokers) --alter --entity-type topics --entity-name \(name) --add-config \(property)=\(value)"
        }
        var problems: [String] = []
        // The local broker has one copy of everything and no segments, and its own limits.
        let required =
            isLocalBroker ? topic.configuration.filter { !$0.key.hasPrefix("segment.") } : required(topic)
        for (property, value) in required.sorted(by: { $0.key < $1.key }) {
            guard let actual = properties[property], actual != value else { continue }
            problems.append("\(name): \(property) is \(actual) and must be \(value)" + repair(property, value))
        }
        if !isLocalBroker, let text = properties["max.message.bytes"], let size = Int64(text), size < smallestMessage {
            problems.append(
                "\(name): max.message.bytes is \(size) and must be \(smallestMessage) or more"
                    + repair("max.message.bytes", "\(smallestMessage)")
            )
        }
        return problems
    }
}
