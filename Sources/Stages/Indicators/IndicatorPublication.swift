internal import Messages
internal import Rules
internal import Streaming
internal import SwiftProtobuf

/// Publishes what stands of an organization's indicators in a year and retracts what does not: its whole domain of
/// keys, of which the output drops what did not change.
struct IndicatorPublication {
    private let organization: OrganizationYear
    private let context: TaskContext
    private let cause: String
    private let output: TaskOutput
    private let prefix: String

    init(_ organization: OrganizationYear, context: TaskContext, cause: String, output: TaskOutput) {
        self.organization = organization
        self.context = context
        self.cause = cause
        self.output = output
        prefix = "\(organization.year)/\(organization.code)/"
    }

    /// The organization as it was declared.
    func publish(_ declared: Accountability_V1_Organization?) throws {
        try publish(prefix + "organization", declared.map { .organization($0) })
    }

    /// Values, targets and standings.
    func publish(_ rows: IndicatorRows) throws {
        for cell in IndicatorCell.all {
            try publish(prefix + "value/" + cell.key, rows.values[cell.index].map { .value($0.message) })
            try publish(prefix + "target/" + cell.key, rows.targets[cell.index].map { .target($0.message) })
        }
        let partitions = max(context.outputPartitions[IndicatorStage.Topic.standings], 1)
        for group in StudentGroup.allCases {
            let key = "\(organization.year)/\(group.wireName)/\(organization.code)"
            let partition = Int32(group.rawValue) % partitions
            if let standing = rows.standings[Int(group.rawValue)] {
                try output.publish(
                    IndicatorStage.Topic.standings,
                    partition: partition,
                    key: key,
                    value: try standing.serializedBytes(),
                    cause: cause
                )
            } else {
                try output.retract(IndicatorStage.Topic.standings, partition: partition, key: key, cause: cause)
            }
        }
    }

    private func publish(_ key: String, _ entry: Accountability_V1_IndicatorEntry.OneOf_Entry?) throws {
        guard let entry else {
            return try output.retract(
                IndicatorStage.Topic.indicators,
                partition: context.partition,
                key: key,
                cause: cause
            )
        }
        var message = Accountability_V1_IndicatorEntry()
        message.schoolYear = UInt32(organization.year)
        message.orgCode = organization.code.description
        message.entry = entry
        try output.publish(
            IndicatorStage.Topic.indicators,
            partition: context.partition,
            key: key,
            value: try message.serializedBytes(),
            cause: cause
        )
    }
}

extension SetTarget {
    /// The target as messages carry it.
    fileprivate var message: Accountability_V1_Target {
        var message = Accountability_V1_Target()
        message.gradeSpan = cell.span.wireName
        message.group = cell.group.wireName
        message.indicator = cell.indicator.wireName
        message.baseline = baseline
        message.target = target
        message.path = path
        return message
    }
}
