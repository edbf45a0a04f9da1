import SwiftProtobuf

/// A topic of the pipeline: its content, key, partitioning and retention.
public struct TopicDefinition: Sendable, Hashable {
    /// How a topic's records are distributed over partitions.
    public enum Partitioning: String, Sendable {
        /// By student pseudonym, or by district for rows that are not about a student.
        case student
        /// By district: the murmur2 hash of the district's code.
        case district
        /// By student group: the group's number modulo the partitions.
        case group
        /// A single partition, which every reader reads completely.
        case single
    }

    /// How long a topic keeps its records.
    public enum Retention: Sendable, Hashable {
        /// Forever: the ledger.
        case forever
        /// Only the newest value of each key: the topic is a table.
        case compacted
        /// For a number of days.
        case days(Int)
    }

    /// The publisher of the ledger.
    public static let operators = "operator"

    /// The topic's name without namespace: `accountability.<entity>.v1`.
    public let entity: String
    /// How its records are distributed over partitions.
    public let partitioning: Partitioning
    /// How long it keeps its records.
    public let retention: Retention
    /// The `ce_type` of its records; completion markers carry ``Topics/completionType`` instead.
    public let eventType: String
    /// The full name of the protobuf message in its values.
    public let message: String
    /// The name of the file that defines it.
    public let protoFile: String
    /// Who publishes it, so that the completion markers count: a stage, or ``operators``.
    ///
    /// It is nil if several stages write to the topic, or if the topic has no completion of years.
    public let publisher: String?
    /// The format of its keys.
    public let key: String
    /// Its content in one sentence.
    public let summary: String

    /// The name on the broker, under a namespace.
    ///
    /// - `namespace`: the prefix that separates installations on one cluster; empty for none.
    public func name(in namespace: String) -> String {
        let base = "accountability.\(entity).v1"
        return namespace.isEmpty ? base : "\(namespace).\(base)"
    }

    /// The topic's configuration on the broker.
    public var configuration: [String: String] {
        switch retention {
        case .forever: ["cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"]
        // Tombstones stay readable for a month. A stage that was stopped for longer must be rebuilt from the ledger.
        case .compacted:
            ["cleanup.policy": "compact", "delete.retention.ms": String(30 * 86_400_000)].merging(segments) { $1 }
        case .days(let days): ["cleanup.policy": "delete", "retention.ms": String(days * 86_400_000)]
        }
    }

    /// Limits of a compacted topic's segments, where the broker's own are too large; none for most topics.
    ///
    /// A broker never compacts the newest segment. Each commit of each stage writes to positions, and each start of a
    /// worker reads it whole. With Apache Kafka's limits, a gibibyte or a week, that could take minutes.
    private var segments: [String: String] {
        entity == "positions" ? ["segment.bytes": String(32 << 20), "segment.ms": String(86_400_000)] : [:]
    }

    /// The file in Schemas that defines ``message``.
    public var schemaFile: String {
        message.hasPrefix("streaming.") ? "streaming/v1/\(protoFile)" : "accountability/v1/\(protoFile)"
    }

    /// The number of its partitions if the tables have `partitions`.
    public func partitionCount(tables partitions: Int32) -> Int32 {
        partitioning == .single ? 1 : partitions
    }
}

/// Every topic of the pipeline.
public enum Topics {
    /// The `ce_type` of a completion marker.
    public static let completionType = "accountability.completion.v1"

    /// The ledger: every row that was ever submitted.
    public static let submissions = TopicDefinition(
        entity: "submissions",
        partitioning: .student,
        retention: .forever,
        eventType: "accountability.submission.v1",
        message: Accountability_V1_SubmissionEntry.protoMessageName,
        protoFile: "submission.proto",
        publisher: TopicDefinition.operators,
        key: "\(LedgerBlockKey.format), submission/<id>, year/<school year> or installation/<identity>",
        summary: "The ledger: every row that was ever submitted, with pseudonyms, in order, in blocks."
    )
    /// The outcome of each submission's rows.
    public static let receipts = TopicDefinition(
        entity: "receipts",
        partitioning: .student,
        retention: .compacted,
        eventType: "accountability.receipt.v1",
        message: Accountability_V1_Receipt.protoMessageName,
        protoFile: "submission.proto",
        publisher: PipelineStage.validation.name,
        key: ReceiptKey.format,
        summary: "The outcome of a submission's rows, by partition of the ledger."
    )
    /// Rejected rows, with the reasons.
    public static let rejections = TopicDefinition(
        entity: "rejections",
        partitioning: .student,
        retention: .days(400),
        eventType: "accountability.rejection.v1",
        message: Accountability_V1_Rejection.protoMessageName,
        protoFile: "submission.proto",
        publisher: nil,
        key: RejectionKey.format,
        summary: "Rejected rows: place, column and stable code; never the content."
    )
    /// Accepted facts.
    public static let records = TopicDefinition(
        entity: "records",
        partitioning: .district,
        retention: .forever,
        eventType: "accountability.record.v1",
        message: Accountability_V1_Record.protoMessageName,
        protoFile: "record.proto",
        publisher: PipelineStage.validation.name,
        key: "<school year>/<layout>/<ledger partition>-<offset there>-<number>",
        summary: "Accepted facts about students and organizations, with their retractions, in order, in blocks."
    )
    /// Acts of the Department.
    public static let directives = TopicDefinition(
        entity: "directives",
        partitioning: .single,
        retention: .compacted,
        eventType: "accountability.directive.v1",
        message: Accountability_V1_Directive.protoMessageName,
        protoFile: "determination.proto",
        publisher: PipelineStage.validation.name,
        key: DirectiveKey.format,
        summary:
            "Acts of the Department: designations, recognitions, releases, suspensions, framework steps, reviews, plan filings."
    )
    /// Participation, 603 CMR 2.03(2)(d).
    public static let participation = TopicDefinition(
        entity: "participation",
        partitioning: .district,
        retention: .compacted,
        eventType: "accountability.participation.v1",
        message: Accountability_V1_Participation.protoMessageName,
        protoFile: "measures.proto",
        publisher: PipelineStage.participation.name,
        key: ParticipationKey.format,
        summary: "Participation in assessments, and whether it met the requirement, 603 CMR 2.03(2)(d)."
    )
    /// Indicator values, targets and organizations, 603 CMR 2.03(2)(b).
    public static let indicators = TopicDefinition(
        entity: "indicators",
        partitioning: .district,
        retention: .compacted,
        eventType: "accountability.indicator.v1",
        message: Accountability_V1_IndicatorEntry.protoMessageName,
        protoFile: "measures.proto",
        publisher: PipelineStage.indicator.name,
        key: IndicatorKey.format,
        summary: "Indicator values with targets and organizations, 603 CMR 2.03(2)(b)."
    )
    /// Each organization's figures for the statewide ranks.
    public static let standings = TopicDefinition(
        entity: "standings",
        partitioning: .group,
        retention: .compacted,
        eventType: "accountability.standing.v1",
        message: Accountability_V1_Standing.protoMessageName,
        protoFile: "measures.proto",
        publisher: PipelineStage.indicator.name,
        key: StandingKey.format,
        summary: "An organization's figures for the statewide ranks of one group in one year."
    )
    /// Percentiles, 603 CMR 2.03(2)(a) and (c).
    public static let percentiles = TopicDefinition(
        entity: "percentiles",
        partitioning: .district,
        retention: .compacted,
        eventType: "accountability.percentile.v1",
        message: Accountability_V1_PercentileEntry.protoMessageName,
        protoFile: "measures.proto",
        publisher: PipelineStage.percentile.name,
        key: PercentileKey.format,
        summary: "Accountability and subgroup percentiles with statewide thresholds, 603 CMR 2.03(2)(a) and (c)."
    )
    /// Annual performance determinations, 603 CMR 2.03(3).
    public static let determinations = TopicDefinition(
        entity: "determinations",
        partitioning: .district,
        retention: .compacted,
        eventType: "accountability.determination.v1",
        message: Accountability_V1_Determination.protoMessageName,
        protoFile: "determination.proto",
        publisher: PipelineStage.determination.name,
        key: DeterminationKey.format,
        summary: "Annual performance determinations, 603 CMR 2.03(3)."
    )
    /// What the public may see of official determinations.
    public static let publications = TopicDefinition(
        entity: "publications",
        partitioning: .district,
        retention: .compacted,
        eventType: "accountability.publication.v1",
        message: "accountability.v1.Publication",
        protoFile: "determination.proto",
        publisher: PipelineStage.determination.name,
        key: DeterminationKey.format,
        summary: "Official determinations as the public may see them, after disclosure control."
    )
    /// The determinations that their stage has confirmed.
    public static let confirmations = TopicDefinition(
        entity: "confirmations",
        partitioning: .district,
        retention: .compacted,
        eventType: "accountability.confirmation.v1",
        message: "accountability.v1.Confirmation",
        protoFile: "determination.proto",
        publisher: PipelineStage.determination.name,
        key: DeterminationKey.format,
        summary: "The determinations that their stage has confirmed; notices are sent only about these."
    )
    /// Notices of changes, with their recipients.
    public static let notices = TopicDefinition(
        entity: "notices",
        partitioning: .district,
        retention: .days(400),
        eventType: "accountability.notice.v1",
        message: Accountability_V1_Notice.protoMessageName,
        protoFile: "determination.proto",
        publisher: nil,
        key: NoticeKey.format,
        summary: "Notices of determinations, acts, comment periods and due plans."
    )
    /// The delivery of each notice in each channel.
    public static let deliveries = TopicDefinition(
        entity: "deliveries",
        partitioning: .district,
        retention: .compacted,
        eventType: "accountability.delivery.v1",
        message: Accountability_V1_Delivery.protoMessageName,
        protoFile: "determination.proto",
        publisher: nil,
        key: DeliveryKey.format,
        summary: "The delivery of each notice in each channel: delivered, waiting for another attempt, or dead."
    )
    /// Records that a stage could not use.
    public static let quarantine = TopicDefinition(
        entity: "quarantine",
        partitioning: .single,
        retention: .days(400),
        eventType: "accountability.quarantined.v1",
        message: "streaming.v1.Quarantined",
        protoFile: "quarantine.proto",
        publisher: nil,
        key: "<topic>/<partition>/<offset>/<stage>",
        summary:
            "Unchanged copies of records from any topic that a stage could not use, with origin, code and digest; only for operators."
    )
    /// The progress of each stage with each school year.
    public static let progress = TopicDefinition(
        entity: "progress",
        partitioning: .single,
        retention: .compacted,
        eventType: completionType,
        message: "streaming.v1.Completion",
        protoFile: "completion.proto",
        publisher: nil,
        key: "~<scope>/<stage>/<source partition>",
        summary: "Completion markers of every stage, for the progress display."
    )

    /// The progress of each stage with each partition of its sources.
    public static let positions = TopicDefinition(
        entity: "positions",
        partitioning: .single,
        retention: .compacted,
        eventType: "accountability.position.v1",
        message: "streaming.v1.Position",
        protoFile: "completion.proto",
        publisher: nil,
        key: "<group>/<topic>/<partition>",
        summary:
            "The offsets that the stages have committed, in case the brokers have deleted those of a group without members."
    )

    /// All topics, in the order of the flow.
    public static let all: [TopicDefinition] = [
        submissions, receipts, rejections, records, directives, participation, indicators, standings, percentiles,
        determinations, publications, confirmations, notices, deliveries, quarantine, progress, positions,
    ]
}
