package import Messages
internal import Rules
internal import Stages

/// Which determinations are asked for.
package struct DeterminationFilter: Equatable {
    package var type: Accountability_V1_OrganizationType?
    package var classification: String?
    package var level: String?
    package var reason: String?
    package var isRevised = false

    /// Asks for everything.
    package init() {}

    /// Whether a determination is meant.
    package func contains(_ results: some ResultsMessage) -> Bool {
        if let type, results.type != type { return false }
        if let classification, results.classification != classification { return false }
        if let level, results.level != level { return false }
        if let reason, !results.reasons.contains(reason) { return false }
        return !isRevised || results.revision > 1
    }
}

/// The results of an organization, as the Department or as everybody sees them.
package protocol ResultsMessage {
    var schoolYear: UInt32 { get }
    var orgCode: String { get }
    var type: Accountability_V1_OrganizationType { get }
    var name: String { get }
    var classification: String { get }
    var level: String { get }
    var reasons: [String] { get }
    var hasPercentile: Bool { get }
    var percentile: UInt32 { get }
    var hasAnnual: Bool { get }
    var annual: UInt32 { get }
    /// The annual percentage as a fraction or a decimal; empty where there is none.
    var annualExact: String { get }
    var groupPercentiles: [Accountability_V1_GroupPercentile] { get }
    var issuedUnixMilliseconds: Int64 { get }
    var hasCumulative: Bool { get }
    var cumulative: UInt32 { get }
    var band: String { get }
    var lowSubgroups: [String] { get }
    var lowParticipationGroups: [String] { get }
    var status: String { get }
    var revision: UInt32 { get }
    var federalDesignations: [Accountability_V1_FederalDesignation] { get }
    /// The changes of the organization on the way back to its earlier results.
    var history: [Accountability_V1_HistoryStep] { get }
    /// The submissions that it follows from, where the viewer may know them.
    var causeText: String { get }
    /// Every reason in words.
    var reasonSentences: [String] { get }
}

extension Accountability_V1_Determination: ResultsMessage {
    package var reasonSentences: [String] { NoticeText.reasons(of: self) }
}

extension Accountability_V1_Publication: ResultsMessage {
    /// Submissions are the Department's.
    package var causeText: String { "" }
    package var reasonSentences: [String] {
        reasons.map { DeterminationReason(wireName: $0)?.title ?? $0 } + reasonTexts
    }
}

/// Determinations as rows and as lines.
package enum DeterminationRows {
    /// The columns of CSV.
    package static let columns = [
        "school_year", "org_code", "type", "name", "classification", "level", "reasons", "percentile", "annual",
        "cumulative", "band",
        "low_subgroups", "low_participation_groups", "status", "revision", "cause",
        "federal_designations", "reason_texts",
    ]
    /// Those of them that hold numbers.
    package static let numbers: Set<String> = ["school_year", "percentile", "annual", "cumulative", "revision"]
    /// The columns that people are shown.
    package static let shown = [
        "org_code", "name", "classification", "level", "percentile", "annual", "cumulative", "band", "revision",
        "reason_texts",
    ]

    /// Results as fields of ``columns``; lists are joined by semicolons.
    package static func fields(_ results: some ResultsMessage) -> [String] {
        [
            String(results.schoolYear), results.orgCode, typeName(results.type), results.name,
            results.classification, results.level, results.reasons.joined(separator: ";"),
            results.hasPercentile ? String(results.percentile) : "",
            results.hasAnnual ? String(results.annual) : "",
            results.hasCumulative ? String(results.cumulative) : "", results.band,
            results.lowSubgroups.joined(separator: ";"), results.lowParticipationGroups.joined(separator: ";"),
            results.status, String(results.revision), results.causeText,
            results.federalDesignations.map(\.designation).joined(separator: ";"),
            results.reasonSentences.joined(separator: "; "),
        ]
    }

    /// `school` or `district`.
    package static func typeName(_ type: Accountability_V1_OrganizationType) -> String {
        switch type {
        case .state: "state"
        case .district: "district"
        case .school: "school"
        case .unspecified, .UNRECOGNIZED: ""
        }
    }

    /// A determination on one line without what belongs to its publication: two runs on the same facts give the same
    /// bytes.
    package static func canonical(_ determination: Accountability_V1_Determination) throws -> String {
        try MessageJSON.line(determination.withoutPublication)
    }
}

/// What the determinations of a year come to.
package struct DeterminationSummary {
    /// Counts by organization type, classification and level, in canonical order.
    package let outcomes: [(type: String, classification: String, level: String, count: Int)]
    /// Counts of organizations by type and reason, in canonical order.
    package let reasons: [(type: String, reason: String, count: Int)]
    /// Organizations of which a participation rate was judged, and those with a group that missed the requirement.
    package let participation: (judged: Int, low: Int)
    /// Determinations by status.
    package let statuses: [(status: String, count: Int)]
    package let revised: Int
    package let total: Int

    /// Counts determinations.
    package init(_ determinations: [Accountability_V1_Determination]) {
        var outcomes: [[String]: Int] = [:]
        var reasons: [[String]: Int] = [:]
        var statuses: [String: Int] = [:]
        var judged = 0
        var low = 0
        for determination in determinations {
            let type = DeterminationRows.typeName(determination.type)
            outcomes[[type, determination.classification, determination.level], default: 0] += 1
            for reason in determination.reasons { reasons[[type, reason], default: 0] += 1 }
            statuses[determination.status, default: 0] += 1
            if determination.participation.contains(where: \.hasMet) { judged += 1 }
            if !determination.lowParticipationGroups.isEmpty { low += 1 }
        }
        func place<Name: WireNamed>(_ name: String, _: Name.Type) -> Int {
            Name(wireName: name).map { Int($0.rawValue) } ?? Int(UInt8.max)
        }
        self.outcomes = outcomes.map { (type: $0.key[0], classification: $0.key[1], level: $0.key[2], count: $0.value) }
            .sorted { left, right in
                if left.type != right.type { return left.type < right.type }
                let classifications = (
                    place(left.classification, Classification.self), place(right.classification, Classification.self)
                )
                if classifications.0 != classifications.1 { return classifications.0 < classifications.1 }
                return place(left.level, DeterminationLevel.self) < place(right.level, DeterminationLevel.self)
            }
        self.reasons = reasons.map { (type: $0.key[0], reason: $0.key[1], count: $0.value) }
            .sorted {
                ($0.type, place($0.reason, DeterminationReason.self)) < (
                    $1.type, place($1.reason, DeterminationReason.self)
                )
            }
        self.statuses = statuses.map { (status: $0.key, count: $0.value) }.sorted { $0.status < $1.status }
        participation = (judged, low)
        revised = determinations.count { $0.revision > 1 }
        total = determinations.count
    }

    /// The counts as text.
    package func text(year: Int) -> String {
        var text = "\(total) determinations of \(year)\n\n"
        text += Listing(
            ["type", "classification", "level", "count"],
            outcomes.map { [$0.type, $0.classification, $0.level, String($0.count)] }
        )
        .text()
        if !reasons.isEmpty {
            text +=
                "\n"
                + Listing(["type", "reason", "count"], reasons.map { [$0.type, $0.reason, String($0.count)] }).text()
        }
        text +=
            "\nparticipation: judged of \(participation.judged) organizations, missed by a group of \(participation.low)\n"
        text += statuses.map { "\($0.status): \($0.count)\n" }.joined()
        return text + "revised: \(revised)\n"
    }

    /// The counts as rows `measure,type,name,level,count`.
    package func listing() -> Listing {
        var listing = Listing(["measure", "type", "name", "level", "count"])
        listing.rows += outcomes.map { ["outcome", $0.type, $0.classification, $0.level, String($0.count)] }
        listing.rows += reasons.map { ["reason", $0.type, $0.reason, "", String($0.count)] }
        listing.rows.append(["participation", "", "judged", "", String(participation.judged)])
        listing.rows.append(["participation", "", "low", "", String(participation.low)])
        listing.rows += statuses.map { ["status", "", $0.status, "", String($0.count)] }
        listing.rows.append(["revised", "", "", "", String(revised)])
        listing.rows.append(["total", "", "", "", String(total)])
        return listing
    }
}
