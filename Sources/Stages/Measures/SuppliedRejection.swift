internal import Messages
internal import Rules
internal import Streaming
internal import SwiftProtobuf

/// The place of a supplied row in its submission.
struct SubmittedLine: Hashable {
    /// The submission, as a number of the task's ``TextTable``.
    let submission: UInt32
    /// The line of the file.
    let line: UInt64
}

/// Publishes the rejection of a supplied figure, because student records were submitted for the same
/// measure, and closes it when the figure counts again or is withdrawn.
struct SuppliedRejection {
    let output: TableOutput<RejectionKey, Accountability_V1_Rejection>
    let layout: Layout

    /// Whether a record rejects a supplied figure, of an indicator or of another kind.
    ///
    /// Nil for a retraction and for bytes that are no rejection: they do not say of which kind.
    static func rejects(_ key: Span<UInt8>, _ value: Span<UInt8>?, indicator: Bool) -> Bool? {
        guard RejectionKey(utf8: key)?.code == RejectionCode.suppliedShadowed.rawValue else { return false }
        guard let value, let (_, rejection) = TableTopics.rejections.entry(key: key, value: [UInt8](copying: value))
        else { return nil }
        return (rejection.layout == Layout.indicatorValues.wireName) == indicator
    }

    /// Publishes the rejection.
    ///
    /// - `closedBy`: the submission that ended the shadow; empty while student records stand in for the figure.
    func publish(
        _ row: SubmittedLine,
        of organization: OrganizationYear,
        texts: TextTable,
        closedBy: String = "",
        cause: String,
        to taskOutput: TaskOutput
    ) throws {
        let submission = texts[row.submission]
        var rejection = Accountability_V1_Rejection()
        rejection.submission = submission
        rejection.line = row.line
        rejection.layout = layout.wireName
        rejection.code = RejectionCode.suppliedShadowed.rawValue
        rejection.message =
            "student records were submitted for the same organization, year and measure; they stand, and the figure counts when they are retracted"
        rejection.schoolYear = UInt32(organization.year)
        rejection.orgCode = organization.code.description
        rejection.closedBy = closedBy
        let key = RejectionKey(submission: submission, line: Int(clamping: row.line), code: rejection.code, column: nil)
        try output.publish(rejection, key, cause: cause, to: taskOutput)
    }
}

/// Texts that come again and again (submissions, labels), each kept once.
struct TextTable {
    private var texts: [String] = []
    private var numbers: [String: UInt32] = [:]

    /// The number of a text, for ``subscript(_:)``.
    mutating func number(of text: String) -> UInt32 {
        if let number = numbers[text] { return number }
        let number = UInt32(truncatingIfNeeded: texts.count)
        texts.append(text)
        numbers[text] = number
        return number
    }

    /// The text of a number that ``number(of:)`` gave.
    subscript(_ number: UInt32) -> String { texts[Int(number)] }
}
