package import Messages
package import Reading
package import Rules

/// The part of a determination that lists, plots and counts need.
package struct DeterminationLine: Hashable, Sendable {
    package let code: OrganizationCode
    package let name: String
    package let type: OrganizationType
    package let classification: Classification?
    package let level: DeterminationLevel?
    package let reasons: [DeterminationReason]
    package let percentile: Int?
    package let annual: Int?
    package let cumulative: Int?
    /// The severity; nil if none was issued.
    package let severity: AssistanceSeverity?
    /// The codes under which its earlier results stand; nil if that is its own.
    package let formers: FormerCodes?
    package let revision: Int
    package let status: String
    /// The last day of the embargo; empty if none is set.
    package let embargoUntil: String
    /// When this revision was issued, in milliseconds since 1970.
    package let issued: Int64
    /// The fields of `accountability determinations --format csv`.
    package let fields: [String]
    /// Name and code in the form that the search uses.
    let sought: String

    /// The line of a determination.
    package init(_ message: Accountability_V1_Determination, _ code: OrganizationCode) {
        self.init(
            message,
            code,
            severity: PriorityRow.severity(of: message),
            formers: FormerCodes(of: message),
            embargoUntil: message.embargoUntil
        )
    }

    /// The line of a publication, which everyone may see.
    package init(_ publication: Accountability_V1_Publication, _ code: OrganizationCode) {
        self.init(publication, code, severity: nil, formers: FormerCodes(of: publication), embargoUntil: "")
    }

    private init(
        _ message: some ResultsMessage,
        _ code: OrganizationCode,
        severity: AssistanceSeverity?,
        formers: FormerCodes?,
        embargoUntil: String
    ) {
        self.code = code
        name = message.name
        type = message.type == .district ? .district : .school
        classification = Classification(wireName: message.classification)
        level = DeterminationLevel(wireName: message.level)
        reasons = message.reasons.compactMap { DeterminationReason(wireName: $0) }
        percentile = message.hasPercentile ? Int(message.percentile) : nil
        annual = message.hasAnnual ? Int(message.annual) : nil
        cumulative = message.hasCumulative ? Int(message.cumulative) : nil
        self.severity = severity
        self.formers = formers
        revision = Int(message.revision)
        status = message.status
        self.embargoUntil = embargoUntil
        issued = message.issuedUnixMilliseconds
        fields = DeterminationRows.fields(message)
        sought = Self.folded("\(message.name) \(message.orgCode)")
    }

    /// The code under which its results of an earlier school year stand.
    package func code(in year: Int) -> OrganizationCode { formers?.code(in: year) ?? code }

    /// The organization's name, or its code if no name was declared.
    package var title: String { name.isEmpty ? code.description : name }

    /// The classification with its level.
    package var outcome: Outcome { Outcome(classification: classification, level: level) }

    /// The status, with the last day of the embargo.
    package var standing: String { embargoUntil.isEmpty ? status : "\(status), embargoed until \(embargoUntil)" }

    /// The text in lower case.
    static func folded(_ text: String) -> String { text.lowercased() }
}
