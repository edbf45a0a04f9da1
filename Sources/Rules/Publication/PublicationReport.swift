/// What is reported of a publication: what it replaces, and why.
public struct PublicationReport: Hashable, Sendable {
    /// A revision that the Department announced, or a change on appeal.
    public struct Note: Hashable, Sendable {
        /// Whether it is a change on appeal.
        public let isAppeal: Bool
        /// The date, ISO 8601.
        public let date: String
        /// The stated reason.
        public let reason: String
        /// The submission that corrected the figures.
        public let reference: String

        /// A note.
        public init(isAppeal: Bool, date: String, reason: String, reference: String) {
            self.isAppeal = isAppeal
            self.date = date
            self.reason = reason
            self.reference = reference
        }
    }

    /// The revision; the first publication is 1.
    public var revision: Int
    /// `preliminary` or `official`.
    public var status: String
    /// The last day of the embargo on preliminary results; empty if none is set.
    public var embargoUntil: String
    /// Why the status is not official although the results were released; empty otherwise.
    public var statusReason: String
    /// The framework that it was made under.
    public var framework: String
    /// The digest of that framework.
    public var frameworkDigest: String
    /// What changed since the last revision.
    public var changes: [String]
    /// Revisions that were announced.
    public var notes: [Note]
    /// The submissions that had a part in it; none of a first publication.
    public var causes: [String]
    /// Whether there were more than are named.
    public var hasMoreCauses: Bool

    /// A publication.
    public init(
        revision: Int,
        status: String,
        embargoUntil: String = "",
        statusReason: String = "",
        framework: String,
        frameworkDigest: String,
        changes: [String] = [],
        notes: [Note] = [],
        causes: [String] = [],
        hasMoreCauses: Bool = false
    ) {
        self.revision = revision
        self.status = status
        self.embargoUntil = embargoUntil
        self.statusReason = statusReason
        self.framework = framework
        self.frameworkDigest = frameworkDigest
        self.changes = changes
        self.notes = notes
        self.causes = causes
        self.hasMoreCauses = hasMoreCauses
    }

    /// The status, with the last day of the embargo.
    public var standing: String { embargoUntil.isEmpty ? status : "\(status), embargoed until \(embargoUntil)" }

    /// How it came about.
    public func explained() -> Derivation {
        var inputs = changes.map { Derivation("Changed", $0) }
        if !statusReason.isEmpty { inputs.append(Derivation("Not official", statusReason, paragraph: .consultation)) }
        inputs += notes.map { note in
            Derivation(
                note.isAppeal ? "Changed on appeal" : "Revised",
                "\(note.date): \(note.reason)",
                row: "submission \(note.reference)"
            )
        }
        inputs += causes.map { Derivation("Changed by", "submission \($0)") }
        if hasMoreCauses { inputs.append(Derivation("Changed by", "earlier submissions too")) }
        return Derivation(
            "Publication",
            "revision \(revision), \(standing)",
            paragraph: .determinations,
            row: "framework \(framework), \(frameworkDigest.prefix(16))",
            inputs: inputs
        )
    }
}

/// A measure that the Commissioner suspended: 603 CMR 2.03(11).
public struct SuspendedMeasure: Hashable, Sendable {
    /// The measure.
    public let measure: ReportedMeasure
    /// The stated cause.
    public let reason: String
    /// The decision; empty where none is named.
    public let reference: String

    /// A suspended measure.
    public init(_ measure: ReportedMeasure, reason: String, reference: String) {
        self.measure = measure
        self.reason = reason
        self.reference = reference
    }

    /// Why measures are absent; nil where none is suspended.
    static func explained(_ measures: [SuspendedMeasure], by framework: Framework) -> Derivation? {
        guard !measures.isEmpty else { return nil }
        let parameters = framework.publication
        return Derivation(
            "Suspended by the Commissioner",
            "absent here",
            paragraph: .suspension,
            parameters: [parameters?.suspensionAllowed.record, parameters?.suspensionCause.record].compactMap { $0 },
            inputs: measures.map { suspended in
                Derivation(
                    suspended.measure.title,
                    suspended.reason,
                    paragraph: suspended.measure.paragraph,
                    row: suspended.reference.isEmpty ? nil : suspended.reference
                )
            }
        )
    }
}
