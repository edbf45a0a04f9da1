import Messages
import Rules
import Streaming
import SwiftProtobuf

/// Rejections: when they are published, and how long they stay open.
extension ValidationTask {
    // MARK: Rejections that are no longer open

    /// The name of the last checked, faulty row; nil if its key could not be read.
    func name(of check: Int) -> RowKey? {
        checks[check].organization == nil ? nil : checks[check].identity?.name
    }

    /// Closes earlier rejections of a key, because a later submission has the row again.
    func close(_ name: RowKey, by number: Int, _ output: TaskOutput) throws {
        let closed = refused.close(name, by: UInt32(truncatingIfNeeded: number))
        guard output.sends(ValidationStage.OutputIndex.rejections) else { return }
        let id = submissions[number].id
        for row in closed { try publish(row, closedBy: id, cause: id, output) }
    }

    /// Publishes a rejection, open where `closedBy` is empty.
    func publish(_ row: RefusedRows.Row, closedBy: String, cause: String, _ output: TaskOutput) throws {
        let submission = submissions[Int(row.submission)]
        var rejection = Accountability_V1_Rejection()
        rejection.submission = submission.id
        rejection.fileName = submission.fileName
        rejection.line = row.line
        rejection.layout = checks[submission.check].layout.wireName
        rejection.schoolYear = UInt32(clamping: row.year ?? 0)
        rejection.orgCode = row.organization?.description ?? ""
        rejection.closedBy = closedBy
        for fault in row.faults {
            try publish(&rejection, fault, submission.check, row.year, row.closingLine, cause, output)
        }
    }

    /// Publishes one fault of a rejection.
    private func publish(
        _ rejection: inout Accountability_V1_Rejection,
        _ fault: RowFault,
        _ check: Int,
        _ year: Int?,
        _ closingLine: UInt64,
        _ cause: String,
        _ output: TaskOutput
    ) throws {
        let column = fault.column.map { checks[check].columns[$0] }
        rejection.code = fault.code.rawValue
        rejection.column = column?.name ?? ""
        rejection.message = fault.code.message(column: column, year: year, closingLine: closingLine)
        let place = rejection.column.isEmpty ? "" : "/\(rejection.column)"
        try output.publish(
            ValidationStage.OutputIndex.rejections,
            partition: home(ValidationStage.OutputIndex.rejections, output),
            key: "\(rejection.submission)/\(rejection.line)/\(rejection.code)\(place)",
            value: rejection.serializedBytes(),
            cause: cause
        )
    }

    // MARK: Refusals

    func refuse(
        _ row: LedgerRow,
        _ faults: [RowFault],
        _ number: Int,
        _ name: RowKey?,
        _ output: TaskOutput
    ) throws {
        submissions[number].tally.rejected += 1
        let check = submissions[number].check
        let isReadable = row.index >= 0
        let refusal = RefusedRows.Row(
            submission: UInt32(truncatingIfNeeded: number),
            line: row.line,
            year: isReadable ? checks[check].year : nil,
            organization: isReadable ? checks[check].organization : nil,
            faults: faults,
            closingLine: row.closingLine
        )
        if let name { try close(name, by: number, output) }
        refused.add(refusal, under: name)
        guard output.sends(ValidationStage.OutputIndex.rejections) else { return }
        output.refused += 1
        try publish(refusal, closedBy: "", cause: submissions[number].id, output)
    }

    // MARK: Students whom two districts report

    /// Notices to districts about a student whom two districts report.
    struct Claim: Equatable {
        var submission: Int
        var line: UInt64
        var year: Int
        var organization: OrganizationCode
        var other: OrganizationCode
        /// Whose row counts.
        var counts: OrganizationCode
    }

    /// A district reports a student whose current row belongs to another district.
    ///
    /// The newest row counts, and each district gets a message about its own row.
    func claims(_ former: AcceptedRows.Former, _ row: CheckedRow, _ place: RowPlace) -> [Claim] {
        guard place.layout.isAboutStudents, former.organization / 10_000 != row.organization.rawValue / 10_000,
            let before = OrganizationCode(rawValue: former.organization)
        else { return [] }
        let now = row.organization
        return [
            Claim(
                submission: Int(former.submission),
                line: UInt64(former.line),
                year: row.year,
                organization: before,
                other: now,
                counts: now
            ),
            Claim(
                submission: place.submission,
                line: place.line,
                year: row.year,
                organization: now,
                other: before,
                counts: now
            ),
        ]
    }

    /// Publishes a claim to a district, or closes a withdrawn one.
    func publish(_ claim: Claim, closedBy: String, cause: String, _ output: TaskOutput) throws {
        let submission = submissions[claim.submission]
        var notice = Accountability_V1_Rejection()
        notice.submission = submission.id
        notice.fileName = submission.fileName
        notice.line = claim.line
        notice.layout = checks[submission.check].layout.wireName
        notice.schoolYear = UInt32(clamping: claim.year)
        notice.orgCode = claim.organization.description
        notice.code = RejectionCode.claimedByTwoDistricts.rawValue
        notice.column = checks[submission.check].columns[RowCheck.organizationColumn].name
        notice.message = RejectionCode.claimMessage(
            other: claim.other.description,
            counts: claim.counts.description
        )
        notice.closedBy = closedBy
        try output.publish(
            ValidationStage.OutputIndex.rejections,
            partition: home(ValidationStage.OutputIndex.rejections, output),
            key: "\(notice.submission)/\(notice.line)/\(notice.code)/\(notice.column)",
            value: notice.serializedBytes(),
            cause: cause
        )
    }
}

extension RowFault {
    /// A row of an organization that is not declared.
    static let undeclared = RowFault(code: .unknownOrganization, column: RowCheck.organizationColumn)
    /// A row whose submission has its key already.
    static let duplicateKey = RowFault(code: .duplicateKey, column: nil)
    /// A deletion of what was never accepted.
    static let nothingToDelete = RowFault(code: .nothingToDelete, column: nil)
    /// A row of a school year that is not open.
    static let yearNotOpen = RowFault(code: .yearNotOpen, column: RowCheck.yearColumn)
}
