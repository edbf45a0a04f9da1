internal import Messages
internal import Reading
internal import Stages
internal import Streaming

/// What differs between the published tables and the computed ones.
struct Differences {
    /// The place of a record: a student who moves has a tombstone in one partition and a record in another.
    struct Place: Hashable {
        let partition: Int32
        let key: [UInt8]

        var text: String { String(decoding: key, as: UTF8.self) }
    }

    /// What differs in one table.
    struct Table {
        private struct Pair: Hashable {
            let published: Digest?
            let computed: Digest?
        }

        /// The number of published records.
        var records = 0
        /// The places of this comparison whose newest record belongs to no task of the stage.
        var ownerless: Set<Place> = []
        private var differing: [Place: Pair] = [:]
        /// The places that differed in the same way in the comparison before.
        private(set) var confirmed: Set<Place> = []

        init(records: Int = 0) { self.records = records }

        /// Every place that differs.
        var places: some Collection<Place> { differing.keys }
        /// Whether every place that differs is confirmed.
        var isSettled: Bool { confirmed.count == differing.count }

        /// Compares what is published at a place with what was computed.
        mutating func compare(_ place: Place, _ published: [UInt8]?, _ computed: [UInt8]?) {
            guard published != computed else { return }
            differing[place] = Pair(
                published: published.map { Digest($0.span) },
                computed: computed.map { Digest($0.span) }
            )
        }

        /// Confirms the places that differed in the same way before.
        mutating func confirm(_ earlier: Table) {
            confirmed = Set(differing.filter { earlier.differing[$0.key] == $0.value }.keys)
        }
    }

    /// The years that the ledger closes.
    let closed: Set<String>
    /// Records that a stage could not use.
    let unusable: [Finding]
    private var tables: [String: Table] = [:]

    init(closed: Set<String> = [], unusable: [Finding] = []) {
        self.closed = closed
        self.unusable = unusable
    }

    /// What differs in a table.
    subscript(topic: TopicDefinition) -> Table {
        get { tables[topic.entity] ?? Table() }
        set { tables[topic.entity] = newValue }
    }

    /// Whether no record differed only because it was published meanwhile.
    var isSettled: Bool { tables.values.allSatisfy(\.isSettled) }

    /// These differences, with those confirmed that an earlier comparison found too.
    func confirming(_ earlier: Differences) -> Differences {
        var confirming = self
        for (entity, table) in earlier.tables { confirming.tables[entity]?.confirm(table) }
        return confirming
    }
}

/// Tells whose records a rebuild can put right: those of a task of the stage.
struct RecordOwners {
    private let output: Output?
    private let tasks: Int32

    /// - Parameters:
    ///   - topic: the table.
    ///   - stage: the stage that publishes it.
    ///   - pipeline: the installation's pipeline.
    ///   - counts: partitions of each topic.
    init(_ topic: TopicDefinition, of stage: PipelineStage, _ pipeline: Pipeline, _ counts: [String: Int32]) {
        let stage = pipeline.stages.first { $0.name == stage.rawValue }
        output = stage?.outputs.first { $0.topic == pipeline.name(topic) && $0.isAccounted }
        tasks = stage?.sources.first { !$0.isBroadcast }.flatMap { counts[$0.topic] } ?? 0
    }

    /// Whether a task of the stage owns what a record says about a place.
    ///
    /// The place is the record's own, or that of a row of a block.
    func isOwned(_ place: Differences.Place, in key: [UInt8]) -> Bool {
        guard let output else { return true }
        guard let owner = output.owner(of: key.span, in: place.partition, of: tasks), (0..<tasks).contains(owner) else {
            return false
        }
        return place.key == key || output.owner(of: place.key.span, in: place.partition, of: tasks) == owner
    }
}
