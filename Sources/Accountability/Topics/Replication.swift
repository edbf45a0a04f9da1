internal import Operating

/// On how many brokers topics are kept.
enum Replication {
    /// The number of brokers that is enough to lose one and continue.
    private static let enough = 3

    /// The replication of a new topic.
    ///
    /// - Parameters:
    ///   - asked: the operator's number; -1 if none was given.
    ///   - brokers: how many brokers answer.
    ///   - isLocalBroker: whether it is the local one, which has no other broker beside it.
    /// - Returns: three if that many brokers answer. A cluster's default is usually one, but the ledger is kept for
    ///   ever.
    /// - Throws: `Failure` if fewer answer and the operator gave no number: a broker that is down for a moment would
    ///   leave topics without replicas for ever.
    static func count(asked: Int16, brokers: Int, isLocalBroker: Bool) throws -> Int16 {
        guard asked == -1 else {
            guard Int(asked) <= brokers else {
                throw Failure(
                    .configuration,
                    "only \(brokers) broker\(brokers == 1 ? "" : "s") answer\(brokers == 1 ? "s" : ""), too few for --replication \(asked): start the others"
                )
            }
            return asked
        }
        if brokers >= enough { return Int16(enough) }
        if isLocalBroker { return 1 }
        throw Failure(
            .configuration,
            "only \(brokers) broker\(brokers == 1 ? "" : "s") answer\(brokers == 1 ? "s" : ""), and no topic was created: topics keep the number of copies that "
                + "they are created with. Start the other brokers, or choose the number of copies, such as --replication \(max(1, brokers))"
        )
    }

    /// Additional properties of a new topic with this replication, so that acknowledged records are on two brokers.
    static func configuration(of replication: Int16) -> [String: String] {
        replication >= Int16(enough) ? ["min.insync.replicas": "2"] : [:]
    }

    /// How a topic is kept.
    struct Kept {
        var name: String
        /// The fewest replicas that one of its partitions has.
        var replicas: Int
        /// `min.insync.replicas`; nil if the cluster does not report it.
        var minimum: Int?
    }

    /// Existing topics that differ from that.
    ///
    /// The operator decides whether to change them.
    static func notes(_ topics: [Kept], brokers: Int) -> [String] {
        func named(_ chosen: [Kept]) -> String {
            let first = chosen.map(\.name).min() ?? ""
            return chosen.count == 1 ? "\(first) is" : "\(chosen.count) topics, such as \(first), are"
        }
        var notes: [String] = []
        let single = topics.filter { $0.replicas == 1 }
        if brokers >= enough, !single.isEmpty {
            notes.append(
                "\(named(single)) kept on one broker of \(brokers), and lost if that broker is lost; kafka-reassign-partitions.sh moves them to \(enough)"
            )
        }
        let unsure = topics.filter { $0.replicas >= enough && $0.minimum == 1 }
        if !unsure.isEmpty {
            notes.append(
                "\(named(unsure)) written with the acknowledgement of only one broker; kafka-configs.sh --alter --add-config min.insync.replicas=2 requires two"
            )
        }
        let stiff = topics.filter { topic in topic.replicas > 1 && (topic.minimum ?? 0) >= topic.replicas }
        if !stiff.isEmpty {
            notes.append(
                "\(named(stiff)) writable only while all of its brokers are up; a min.insync.replicas below the replication changes that"
            )
        }
        return notes
    }
}
