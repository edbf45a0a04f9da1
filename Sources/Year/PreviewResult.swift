public import Messages
import Rules
public import Stages
public import Streaming

/// The result of a preview.
public struct PreviewResult {
    /// Determinations as it is.
    public let before: Int
    /// Determinations as it would be.
    public let after: Int
    /// Those that would change, by school year and organization.
    public let changes: [PreviewChange]
    /// The outcome of each file.
    public let files: [TakenFile]
    /// The publications that would result.
    public let tables: YearTables
    /// Records that no stage could use.
    public let unusable: [ProcessDriver.Unusable]

    /// Whether every file would be taken and no row rejected.
    public var isClean: Bool {
        files.allSatisfy { file in
            guard case .success = file.outcome else { return false }
            return tables.receipt(of: file.submission).rejected == 0 && !tables.rejections.hasRefused(file.submission)
        }
    }
}

/// A determination that would change.
public struct PreviewChange: Sendable, Hashable, Codable {
    /// The headline figures.
    public typealias Outcome = DeterminationOutcome

    /// The school year.
    public let schoolYear: Int
    /// The organization.
    public let orgCode: String
    /// Its name.
    public let name: String
    /// As it is.
    public let from: Outcome
    /// As it would be.
    public let to: Outcome
    /// Each figure that would change, `field: old → new`.
    public let fields: [String]
    /// The causes of the change: files, withdrawn submissions, parameters.
    public private(set) var causes: [String]
    /// The rows of the files that cause it.
    public private(set) var rows: [PreviewRows]

    private enum CodingKeys: String, CodingKey {
        case schoolYear = "school_year"
        case orgCode = "org_code"
        case name, from, to, fields, causes, rows
    }

    /// The change between two determinations of an organization; nil if there is none.
    ///
    /// Under which framework one was made is no figure of it.
    init?(from old: Accountability_V1_Determination?, to new: Accountability_V1_Determination?) {
        guard let either = new ?? old else { return nil }
        schoolYear = Int(either.schoolYear)
        orgCode = either.orgCode
        name = either.name
        from = Outcome(of: old)
        to = Outcome(of: new)
        causes = []
        rows = []
        guard let old, let new else {
            fields = [old == nil ? "determination: none → issued" : "determination: issued → none"]
            return
        }
        let figures = (Self.figures(old), Self.figures(new))
        guard figures.0 != figures.1 else { return nil }
        fields = DeterminationChanges.list(from: figures.0, to: figures.1)
    }

    /// The differences between two lists of determinations, by school year and organization.
    public static func list(
        from before: [Accountability_V1_Determination],
        to after: [Accountability_V1_Determination]
    ) -> [PreviewChange] {
        func table(_ list: [Accountability_V1_Determination]) -> [(
            key: String, message: Accountability_V1_Determination
        )] {
            list.map { ("\($0.schoolYear)/\($0.orgCode)", $0) }
        }
        return YearPreview.changes(table(before), table(after))
    }

    private static func figures(_ message: Accountability_V1_Determination) -> Accountability_V1_Determination {
        var message = message.withoutPublication
        message.framework = ""
        message.frameworkDigest = ""
        return message
    }

    func named(_ causes: [String]) -> PreviewChange {
        var change = self
        change.causes = causes
        return change
    }

    func of(_ rows: [PreviewRows]) -> PreviewChange {
        var change = self
        change.rows = rows
        return change
    }

    /// Whether the classification or the level would change.
    public var isHeadline: Bool { from != to }
}
