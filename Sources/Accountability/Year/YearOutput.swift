internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages
internal import Year

/// The results of one school year as files.
struct YearOutput {
    let year: Int
    let tables: YearTables

    init(year: Int, _ tables: YearTables) {
        self.year = year
        self.tables = tables
    }

    func write(into folder: OutputFolder) throws {
        let determinations = try tables.determinations(year: year).map(\.message)
        try folder.table("determinations-\(year).csv", DeterminationRows.columns) { write in
            for determination in determinations { try write(DeterminationRows.fields(determination)) }
        }
        try folder.text("determinations-\(year).json", try MessageJSON.array(determinations))
        let lines = try determinations.map { try DeterminationRows.canonical($0) + "\n" }
        try folder.text("canonical-\(year).txt", lines.joined())
        try writeParticipation(into: folder)
        try writePublications(into: folder)
        let percentiles = try tables.messages(TableTopics.percentiles, year: year)
            .compactMap { _, entry in if case .percentile(let percentile) = entry.entry { percentile } else { nil } }
            .sorted(by: PercentileRows.inOrder)
        try folder.table("percentiles-\(year).csv", PercentileRows.columns) { write in
            for percentile in percentiles { try write(PercentileRows.fields(UInt32(year), percentile)) }
        }
    }

    private func writeParticipation(into folder: OutputFolder) throws {
        let messages = try tables.messages(TableTopics.participation, year: year)
            .map(\.message).filter { !ParticipationRow.isCombined($0) }.sorted(by: ParticipationRow.inOrder)
        try folder.table("participation-\(year).csv", ParticipationRow.columns) { write in
            for message in messages { try write(ParticipationRow(message).fields) }
        }
    }

    /// What the public may see: nothing before the results are official.
    private func writePublications(into folder: OutputFolder) throws {
        let columns = [
            "school_year", "org_code", "measure", "group", "students", "value", "prior", "target", "points", "met",
        ]
        let publications = try tables.messages(TableTopics.publications, year: year).map(\.message)
        try folder.table("publications-\(year).csv", columns) { write in
            for publication in publications {
                for figure in publication.figures {
                    try write([
                        String(year), publication.orgCode, figure.measure, figure.group,
                        figure.hasStudents ? String(figure.students) : "", figure.value, figure.prior, figure.target,
                        figure.hasPoints ? String(figure.points) : "", figure.hasMet ? String(figure.met) : "",
                    ])
                }
            }
        }
    }

    /// Of the numbers of students that are ten or more, how many the public sees, in words; empty before a release.
    private static func published(_ year: Int, _ tables: YearTables) throws -> String {
        let publications = try tables.messages(TableTopics.publications, year: year).map(\.message)
        guard !publications.isEmpty else { return "" }
        let shown = publications.reduce(0) { $0 + $1.figures.count { $0.hasStudents } }
        let determinations = try tables.determinations(year: year).map(\.message)
        let all = determinations.reduce(0) { sum, determination in
            let spans = determination.spans + determination.groupPercentages.flatMap(\.spans)
            return sum + determination.participation.count { $0.students > 0 }
                + spans.flatMap(\.columns).flatMap(\.indicators).count { $0.hasCount }
        }
        return "; \(publications.count) published, with \(shown) of \(all) numbers of students"
    }

    /// The results of a year, in one line.
    static func summary(_ year: Int, _ tables: YearTables, _ frameworks: FrameworkSet) throws -> String {
        let determinations = try tables.determinations(year: year).map(\.message)
        guard !determinations.isEmpty else {
            let outlook = YearOutlook(try frameworks.ifCovered(schoolYear: year))
            return "\(year): no determinations" + (outlook.reason.map { ", because \($0)" } ?? "")
        }
        var counts: [String: Int] = [:]
        for determination in determinations { counts[determination.classification, default: 0] += 1 }
        let parts = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.value) \($0.key.isEmpty ? "with measures only" : $0.key)" }
        return "\(year): \(determinations.count) determinations, \(parts.joined(separator: ", "))"
            + (try published(year, tables))
    }
}

extension YearOutput {
    /// What `accountability completeness` finds about the weights of a year's spans, in one line; nil for nothing.
    func withoutWeights() throws -> String? {
        var rows = StandingRows(of: [year])
        try tables.visitOrganizationRows { rows.take($0, partition: 0) }
        let facts = Completeness.Facts(
            organizations: rows.organizations(of: year),
            withEnrollment: rows.withEnrollment(in: year)
        )
        let found = Completeness.spanLines(facts, year: year)
        guard !found.isEmpty else { return nil }
        return "\(year): \(Completeness.summary(found)): \(Completeness.Finding.noEnrollment.words)"
    }
}

/// Rejected rows as a file.
struct RejectionOutput {
    let tables: YearTables

    init(_ tables: YearTables) {
        self.tables = tables
    }

    /// The years whose rows were not taken, because no framework covers them and no framework comes after them.
    func uncoveredYears() throws -> [Int] {
        var years: Set<Int> = []
        try tables.rejections.visit { rejection in
            if rejection.code == RejectionCode.yearNotOpen.rawValue { years.insert(Int(rejection.schoolYear)) }
        }
        return years.sorted()
    }

    /// Says why rows of years that no framework reaches were not taken, and what to do.
    static func uncovered(_ years: [Int]) -> String {
        let last = years.last.map(String.init) ?? "YEAR"
        let newest = Framework.documents.map(\.name).max() ?? "YEAR"
        return
            "no framework covers school year \(years.map(String.init).joined(separator: ", ")), so no row of it is taken; "
            + "'accountability framework template \(last) --based-on \(newest) > draft.yaml' makes a draft, and --framework draft.yaml computes under it"
    }

    func write(into folder: OutputFolder) throws {
        try folder.table("rejections.csv", RejectionsCommand.columns) { write in
            try tables.rejections.visit { rejection in
                var rejection = rejection
                if rejection.code == RejectionCode.yearNotOpen.rawValue {
                    rejection.message = Self.uncovered([Int(rejection.schoolYear)])
                }
                try write(RejectionsCommand.fields(rejection))
            }
        }
    }
}
