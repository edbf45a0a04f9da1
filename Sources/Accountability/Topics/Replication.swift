/// On how many brokers topics are kept.
enum Replication {
    /// How many brokers are enough to lose one and go on.
    private static let enough = 3

    /// The replication of a new topic.
    ///
    /// - `asked`: what the operator said; -1 where he said nothing.
    ///
    /// Returns three where the cluster has as many brokers: its own default is one unless somebody changed it, and the
    /// ledger is kept for ever. -1, the cluster's own, on a smaller one.
    static func count(asked: Int16, brokers: Int) -> Int16 {
        asked == -1 && brokers >= enough ? Int16(enough) : asked
    }

    /// What a new topic of this replication is to have set besides what the catalogue says: what is acknowledged is on
    /// two brokers.
    static func configuration(of replication: Int16) -> [String: String] {
        replication >= Int16(enough) ? ["min.insync.replicas": "2"] : [:]
    }

    /// A topic as it is kept.
    struct Kept {
        var name: String
        /// The fewest replicas that one of its partitions has.
        var replicas: Int
        /// `min.insync.replicas`; nil where the cluster does not tell it.
        var minimum: Int?
    }

    /// What differs from that in the topics that are there: worth knowing, and an operator's to decide.
    static func notes(_ topics: [Kept], brokers: Int) -> [String] {
        func named(_ chosen: [Kept]) -> String {
            let first = chosen.map(\.name).min() ?? ""
            return chosen.count == 1 ? "\(first) is" : "\(chosen.count) topics, such as \(first), are"
        }
        var notes: [String] = []
        let single = topics.filter { $0.replicas == 1 }
        if brokers >= enough, !single.isEmpty {
            notes.append(
                "\(named(single)) kept on one broker of \(brokers), whose loss is theirs; kafka-reassign-partitions.sh moves them to \(enough)"
            )
        }
        let unsure = topics.filter { $0.replicas >= enough && $0.minimum == 1 }
        if !unsure.isEmpty {
            notes.append(
                "\(named(unsure)) acknowledged when one broker has it; kafka-configs.sh --alter --add-config min.insync.replicas=2 asks for two"
            )
        }
        let stiff = topics.filter { topic in topic.replicas > 1 && (topic.minimum ?? 0) >= topic.replicas }
        if !stiff.isEmpty {
            notes.append(
                "\(named(stiff)) written to only while every one of its brokers is up; min.insync.replicas below the replication changes that"
            )
        }
        return notes
    }
}
