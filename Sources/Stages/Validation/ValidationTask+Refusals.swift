import Messages
import Rules
import Streaming
import SwiftProtobuf

/// What is refused, when it is refused, and until when it is open.
extension ValidationTask {
    // MARK: Deleted organizations

    /// Withdraws the rows of organizations that were deleted: they are refused as they would be had they come later,
    /// and the receipts of their submissions say so.
    ///
    /// One look at all rows serves all organizations of a file.
    func withdraw(_ output: TaskOutput) throws {
        guard !deletions.isEmpty else { return }
        let rows = accepted.withdraw(deletions)
        deletions = []
        for row in rows {
            let number = Int(row.submission)
            touch(number, output)
            recount(row.kind, number)
            let fault = RowFault(code: .unknownOrganization, column: RowCheck.organizationColumn)
            let place = RefusedRows.Row(
                submission: row.submission,
                line: UInt64(row.line),
                year: row.year,
                organization: OrganizationCode(rawValue: row.organization),
                faults: [fault]
            )
            refused.add(place, under: row.key)
            if row.layout == .directives { withdrawStep(row) }
            guard output.isLive || output.sends(ValidationStage.OutputIndex.rejections) else { continue }
            try publish(place, closedBy: "", cause: deletedBy, output)
            let isDirective = row.layout == .directives
            try output.retract(
                isDirective ? ValidationStage.OutputIndex.directives : ValidationStage.OutputIndex.records,
                partition: isDirective ? 0 : district(row.organization, output),
                key: row.text.span,
                cause: deletedBy
            )
        }
    }

    private func recount(_ kind: AcceptedRows.Kind, _ number: Int) {
        func decrease(_ count: WritableKeyPath<Accountability_V1_Receipt, UInt64>) {
            let before = submissions[number].tally[keyPath: count]
            submissions[number].tally[keyPath: count] = before > 0 ? before - 1 : 0
        }
        decrease(kind == .unchanged ? \.unchanged : \.accepted)
        if kind == .replaced { decrease(\.replaced) }
        submissions[number].tally.rejected += 1
        submissions[number].tally.withdrawn += 1
    }

    private func withdrawStep(_ row: AcceptedRows.Withdrawn) {
        guard let organization = OrganizationCode(rawValue: row.organization) else { return }
        let deletion = CheckedRow(
            year: row.year,
            organization: organization,
            isDeletion: true,
            content: .none,
            digest: 0
        )
        if let step = FrameworkSteps.Act(deletion, key: row.text) { frameworkSteps.take(step, .deleted) }
    }

    // MARK: Rejections that are no longer open

    /// The name of the row that a check read last and found faults in; nil where it cannot be known again.
    func name(of check: Int) -> RowKey? {
        guard let year = checks[check].year, checks[check].organization != nil else { return nil }
        let key = checks[check].key
        return RowKey(key.span, layout: checks[check].layout, year: year)
    }

    /// Says of what was refused under a key before that a later submission brought it again.
    func close(_ name: RowKey, by number: Int, _ output: TaskOutput) throws {
        let closed = refused.close(name.value, by: UInt32(truncatingIfNeeded: number))
        guard output.sends(ValidationStage.OutputIndex.rejections) else { return }
        let id = submissions[number].id
        for row in closed { try publish(row, closedBy: id, cause: id, output) }
    }

    private func publish(_ row: RefusedRows.Row, closedBy: String, cause: String, _ output: TaskOutput) throws {
        let submission = submissions[Int(row.submission)]
        var rejection = Accountability_V1_Rejection()
        rejection.submission = submission.id
        rejection.fileName = submission.fileName
        rejection.line = row.line
        rejection.layout = checks[submission.check].layout.wireName
        rejection.schoolYear = UInt32(clamping: row.year)
        rejection.orgCode = row.organization?.description ?? ""
        rejection.closedBy = closedBy
        for fault in row.faults { try publish(&rejection, fault, submission.check, row.year, 0, cause, output) }
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
        _ row: Accountability_V1_SubmissionRow,
        _ faults: [RowFault],
        _ number: Int,
        _ name: RowKey?,
        _ output: TaskOutput
    ) throws {
        submissions[number].tally.rejected += 1
        let check = submissions[number].check
        if let name, let year = checks[check].year {
            try close(name, by: number, output)
            refused.add(
                RefusedRows.Row(
                    submission: UInt32(truncatingIfNeeded: number),
                    line: row.line,
                    year: year,
                    organization: checks[check].organization,
                    faults: faults
                ),
                under: name.value
            )
        }
        guard output.sends(ValidationStage.OutputIndex.rejections) else { return }
        output.refused += 1
        var rejection = Accountability_V1_Rejection()
        rejection.submission = row.submission
        rejection.fileName = submissions[number].fileName
        rejection.line = row.line
        rejection.layout = checks[check].layout.wireName
        if row.unreadable.isEmpty {
            rejection.schoolYear = UInt32(clamping: checks[check].year ?? 0)
            rejection.orgCode = checks[check].organization?.description ?? ""
        }
        for fault in faults {
            try publish(&rejection, fault, check, checks[check].year, row.closingLine, row.submission, output)
        }
    }

    /// A student whom a district reports while another one's row stands: the newest row counts, and both districts are
    /// told, each of its own row.
    func tellBoth(
        _ former: AcceptedRows.Former,
        _ row: CheckedRow,
        _ origin: Accountability_V1_SubmissionRow,
        _ check: Int,
        _ output: TaskOutput
    ) throws {
        let formerSubmission = submissions[Int(former.submission)]
        for isFormer in [true, false] {
            let organization = isFormer ? OrganizationCode(rawValue: former.organization) : row.organization
            let other = isFormer ? row.organization : OrganizationCode(rawValue: former.organization)
            guard let organization, let other else { continue }
            var notice = Accountability_V1_Rejection()
            notice.submission = isFormer ? formerSubmission.id : origin.submission
            notice.fileName = isFormer ? formerSubmission.fileName : submissions[current].fileName
            notice.line = isFormer ? UInt64(former.line) : origin.line
            notice.layout = checks[check].layout.wireName
            notice.schoolYear = UInt32(clamping: row.year)
            notice.orgCode = organization.description
            notice.code = RejectionCode.claimedByTwoDistricts.rawValue
            notice.column = checks[check].columns[RowCheck.organizationColumn].name
            notice.message = RejectionCode.claimMessage(
                other: other.description,
                counts: isFormer ? other.description : organization.description
            )
            try output.publish(
                ValidationStage.OutputIndex.rejections,
                partition: home(ValidationStage.OutputIndex.rejections, output),
                key: "\(notice.submission)/\(notice.line)/\(notice.code)/\(notice.column)",
                value: notice.serializedBytes(),
                cause: origin.submission
            )
        }
    }
}
