import Messages
import Rules
import Streaming
import SwiftProtobuf
import Tables

/// What is published of rows that are accepted.
extension ValidationTask {
    /// Where a row came from.
    struct RowPlace {
        var submission: Int
        var line: UInt64
        var layout: Layout
    }

    /// Publishes what became of a row.
    func publish(
        _ row: CheckedRow,
        _ outcome: AcceptedRows.Outcome,
        key: [UInt8],
        _ place: RowPlace,
        _ output: TaskOutput
    ) throws {
        let cause = submissions[place.submission].id
        switch outcome {
        case .unchanged, .refused: return
        case .deleted: return try retract(key, place.layout, row.organization.rawValue, cause: cause, output)
        case .replaced(let former):
            // A student who moved: the district of before loses the record.
            if district(former.organization, output) != district(row.organization.rawValue, output),
                place.layout != .directives
            {
                try retract(key, place.layout, former.organization, cause: cause, output)
            }
            for claim in claims(former, row, place) { try publish(claim, closedBy: "", cause: cause, output) }
        case .accepted: break
        }
        try publish(row, key: key, place, cause: cause, output)
    }

    /// Publishes what a row says.
    func publish(_ row: CheckedRow, key: [UInt8], _ place: RowPlace, cause: String, _ output: TaskOutput) throws {
        let submission = submissions[place.submission].id
        switch row.content {
        case .none: return
        case .record(let content):
            var record = Accountability_V1_Record()
            record.submission = submission
            record.line = place.line
            record.schoolYear = UInt32(clamping: row.year)
            record.orgCode = row.organization.description
            record.content = content
            let value: [UInt8] = try record.serializedBytes()
            try output.publish(
                ValidationStage.OutputIndex.records,
                partition: district(row.organization.rawValue, output),
                key: key.span,
                value: value.span,
                cause: cause
            )
        case .directive(var directive):
            directive.submission = submission
            let value: [UInt8] = try directive.serializedBytes()
            try output.publish(
                ValidationStage.OutputIndex.directives,
                partition: 0,
                key: key.span,
                value: value.span,
                cause: cause
            )
        }
    }

    /// Retracts what was published of a row.
    func retract(
        _ key: [UInt8],
        _ layout: Layout,
        _ organization: UInt32,
        cause: String,
        _ output: TaskOutput
    ) throws {
        let isDirective = layout == .directives
        try output.retract(
            isDirective ? ValidationStage.OutputIndex.directives : ValidationStage.OutputIndex.records,
            partition: isDirective ? 0 : district(organization, output),
            key: key.span,
            cause: cause
        )
    }

    func district(_ organization: UInt32, _ output: TaskOutput) -> Int32 {
        Pipeline.partition(
            ofDistrictOf: organization,
            partitions: output.partitions[ValidationStage.OutputIndex.records]
        )
    }

    /// The partition of an output that belongs to this task's partition of the ledger.
    func home(_ index: Int, _ output: TaskOutput) -> Int32 {
        partition % max(1, output.partitions[index])
    }
}
