internal import Messages
internal import Rules
internal import Streaming
internal import SwiftProtobuf

/// Publishes an organization's valid indicators of a year and retracts the others.
///
/// It covers all of the organization's keys; the output drops unchanged ones.
struct IndicatorPublication {
    private let organization: OrganizationYear
    private let cause: String
    private let output: TaskOutput

    init(_ organization: OrganizationYear, cause: String, output: TaskOutput) {
        self.organization = organization
        self.cause = cause
        self.output = output
    }

    /// The organization as it was declared.
    func publish(_ declared: Accountability_V1_Organization?) throws {
        try publish(.organization, declared.map { .organization($0) })
    }

    /// Values, targets and standings.
    func publish(_ rows: IndicatorRows) throws {
        for cell in IndicatorCell.all {
            try publish(.value(cell.place), rows.values[cell.index].map { .value($0.message) })
            try publish(.target(cell.place), rows.targets[cell.index].map { .target($0.message) })
        }
        for group in StudentGroup.allCases {
            let key = StandingKey(schoolYear: Int(organization.year), group: group, organization: organization.code)
            let standing = rows.standings[Int(group.rawValue)]
            try IndicatorStage.Topic.standings.publish(standing, key, cause: cause, to: output)
        }
    }

    private func publish(_ entry: IndicatorKey.Entry, _ content: Accountability_V1_IndicatorEntry.OneOf_Entry?) throws {
        let key = IndicatorKey(schoolYear: Int(organization.year), organization: organization.code, entry)
        var message: Accountability_V1_IndicatorEntry?
        if let content {
            message = Accountability_V1_IndicatorEntry()
            message?.schoolYear = UInt32(organization.year)
            message?.orgCode = organization.code.description
            message?.entry = content
        }
        try IndicatorStage.Topic.indicators.publish(message, key, cause: cause, to: output)
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
