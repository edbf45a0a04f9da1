internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Tables
internal import Year

/// A folder that results are written into.
///
/// Each file gets its name when it is complete.
struct OutputFolder {
    let path: String

    /// Creates the folder if it is missing.
    init(_ path: String) throws {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw Failure(
                .badInput,
                "\(path) cannot be created as a folder for the results; nothing was computed: name another --out"
            )
        }
    }

    /// Writes a table.
    func table(_ name: String, _ columns: [String], _ rows: (([String]) throws -> Void) throws -> Void) throws {
        try whole(name) { draft in
            var writer = try CSVWriter(path: draft)
            try writer.writeRow(columns)
            try rows { try writer.writeRow($0) }
            try writer.close()
        }
    }

    /// Writes a text.
    func text(_ name: String, _ text: String) throws {
        try whole(name) { draft in
            do {
                try Data(text.utf8).write(to: URL(fileURLWithPath: draft))
            } catch {
                throw CSVError(.inputOutput, "\(path)/\(name) cannot be written")
            }
        }
    }

    private func whole(_ name: String, _ write: (_ draft: String) throws -> Void) throws {
        let draft = "\(path)/.\(name).partial"
        do {
            try write(draft)
        } catch {
            try? FileManager.default.removeItem(atPath: draft)
            throw error
        }
        do {
            let place = "\(path)/\(name)"
            if FileManager.default.fileExists(atPath: place) { try FileManager.default.removeItem(atPath: place) }
            try FileManager.default.moveItem(atPath: draft, toPath: place)
        } catch {
            throw Failure(
                .tryAgain,
                "\(path)/\(name) cannot replace the file that is there, so the results are not complete: check that you may write there, and try again"
            )
        }
    }
}

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
            return sum + determination.participation.count
                + spans.flatMap(\.columns).flatMap(\.indicators).count { $0.hasCount }
        }
        return "; \(publications.count) published, with \(shown) of \(all) numbers of students"
    }

    /// The results of a year, in one line.
    static func summary(_ year: Int, _ tables: YearTables) throws -> String {
        let determinations = try tables.determinations(year: year).map(\.message)
        guard !determinations.isEmpty else { return "\(year): no determinations" }
        var counts: [String: Int] = [:]
        for determination in determinations { counts[determination.classification, default: 0] += 1 }
        let parts = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.value) \($0.key.isEmpty ? "with measures only" : $0.key)" }
        return "\(year): \(determinations.count) determinations, \(parts.joined(separator: ", "))"
            + (try published(year, tables))
    }
}

/// Rejected rows as a file.
struct RejectionOutput {
    let tables: YearTables

    init(_ tables: YearTables) {
        self.tables = tables
    }

    func write(into folder: OutputFolder) throws {
        try folder.table("rejections.csv", RejectionsCommand.columns) { write in
            try tables.rejections.visit { try write(RejectionsCommand.fields($0)) }
        }
    }
}
