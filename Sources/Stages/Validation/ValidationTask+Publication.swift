import Messages
import Rules
import Streaming
import SwiftProtobuf
import Tables

/// Publishes accepted rows.
extension ValidationTask {
    /// Where a row came from.
    struct RowPlace {
        var submission: Int
        var line: UInt64
        var layout: Layout
    }

    /// Publishes the outcome of a row.
    func publish(
        _ row: CheckedRow,
        _ outcome: AcceptedRows.Outcome,
        _ identity: RowIdentity,
        _ place: RowPlace,
        _ output: TaskOutput
    ) throws {
        let cause = submissions[place.submission].id
        switch outcome {
        case .unchanged, .refused, .withdrawn, .held: return
        case .deleted:
            return try retract(identity, place.layout, row.year, row.organization.rawValue, cause: cause, output)
        case .replaced(let former):
            // A student who moved: the district of before loses the record.
            if district(former.organization, output) != district(row.organization.rawValue, output),
                !place.layout.isForEveryone
            {
                try retract(identity, place.layout, row.year, former.organization, cause: cause, output)
            }
            for claim in claims(former, row, place) { try publish(claim, closedBy: "", cause: cause, output) }
        case .accepted: break
        }
        try publish(row, identity, place, cause: cause, output)
    }

    /// Publishes the content of a row.
    func publish(
        _ row: CheckedRow,
        _ identity: RowIdentity,
        _ place: RowPlace,
        cause: String,
        _ output: TaskOutput
    ) throws {
        let submission = submissions[place.submission].id
        let organization = row.organization.rawValue
        switch row.content {
        case .none: return
        case .student(let fact):
            try add(to: district(organization, output), row.year, place.layout, identity, output) { block in
                block.append(
                    fact,
                    organization: organization,
                    submission: submission,
                    line: place.line,
                    cause: cause
                )
            }
        case .record(let content):
            let key = identity.keyWithin(place.layout)
            try add(to: district(organization, output), row.year, place.layout, identity, output) { block in
                block.append(
                    content,
                    key: key,
                    organization: organization,
                    submission: submission,
                    line: place.line,
                    cause: cause
                )
            }
        case .directive(var directive):
            directive.submission = submission
            directive.marked = submissions[place.submission].isMarked && directive.isOfficialRelease
            let value: [UInt8] = try directive.serializedBytes()
            try output.publish(
                ValidationStage.OutputIndex.directives,
                partition: 0,
                key: identity.key.span,
                value: value.span,
                cause: cause
            )
        }
    }

    /// Retracts the published record of a row.
    func retract(
        _ identity: RowIdentity,
        _ layout: Layout,
        _ year: Int,
        _ organization: UInt32,
        cause: String,
        _ output: TaskOutput
    ) throws {
        guard !layout.isForEveryone else {
            return try output.retract(
                ValidationStage.OutputIndex.directives,
                partition: 0,
                key: identity.key.span,
                cause: cause
            )
        }
        let key = identity.student == nil ? identity.keyWithin(layout) : ""
        try add(to: district(organization, output), year, layout, identity, output) { block in
            if let student = identity.student {
                block.retract(
                    student: student,
                    cohortYear: identity.cohort,
                    organization: organization,
                    submission: cause
                )
            } else {
                block.retract(key: key, organization: organization, submission: cause)
            }
        }
    }

    private func add(
        to partition: Int32,
        _ year: Int,
        _ layout: Layout,
        _ identity: RowIdentity,
        _ output: TaskOutput,
        _ change: (inout RecordBlock) -> Void
    ) throws {
        // Whatever a rebuild found under the key there, something is published over it.
        standing.settle(StandingRecords.Place(name: identity.name.value, partition: partition))
        try records.add(to: partition, year: year, layout: layout, output, change)
    }

    // MARK: Rebuilds

    /// Whether a rebuild found a row published as it is to be.
    func isStanding(_ row: CheckedRow, _ identity: RowIdentity, _ output: TaskOutput) throws -> Bool {
        let organization = row.organization.rawValue
        let digest: Int
        switch row.content {
        case .student(let fact): digest = StandingRecords.digest(fact, organization: organization)
        case .record(let content): digest = try StandingRecords.digest(content, organization: organization)
        // The output of directives remembers by itself.
        case .none, .directive: return false
        }
        let place = StandingRecords.Place(name: identity.name.value, partition: district(organization, output))
        return standing.confirm(place, digest)
    }

    /// Ends a rebuild: retracts records that must no longer exist.
    func retractWhatIsLeft(_ output: TaskOutput) throws {
        for (place, row) in standing.take() {
            try records.add(to: place.partition, year: row.year, layout: row.layout, output) { block in
                if row.layout.isAboutStudents {
                    block.retract(
                        student: row.student,
                        cohortYear: row.cohort,
                        organization: row.organization,
                        submission: ""
                    )
                } else {
                    block.retract(key: row.key, organization: row.organization, submission: "")
                }
            }
        }
    }

    // MARK: Places

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
