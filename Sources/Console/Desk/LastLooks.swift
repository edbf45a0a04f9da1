internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages

/// Up to which determination each person has looked at the results, kept in the installation's home.
actor LastLooks {
    private let file: URL

    init(_ home: Home) { file = home.directory.appendingPathComponent("console/looks.json") }

    /// When the newest determination was issued that a person has marked as seen, in milliseconds since 1970; nil if
    /// the person has marked none.
    func mark(of name: String) throws(Problem) -> Int64? { try read()[name] }

    /// Notes that a person has seen every determination that was issued until a moment.
    func set(_ mark: Int64, of name: String) throws(Problem) {
        var marks = try read()
        marks[name] = mark
        do {
            let files = FileManager.default
            try files.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            try JSONEncoder().encode(marks).write(to: file, options: .atomic)
        } catch {
            throw Problem(503, "what you have seen could not be kept: \(FileErrorText.words(error))")
        }
    }

    private func read() throws(Problem) -> [String: Int64] {
        guard FileManager.default.fileExists(atPath: file.path) else { return [:] }
        do {
            return try JSONDecoder().decode([String: Int64].self, from: Data(contentsOf: file))
        } catch {
            throw Problem(503, "\(file.lastPathComponent) in the console's home cannot be read: delete it")
        }
    }
}

/// The determinations that changed since a person marked them as seen, for the release desk.
struct LookPart {
    /// The most determinations that are listed.
    static let most = 50

    private let since: Int64?
    private let lines: [(year: Int, line: DeterminationLine)]
    private let tables: ConsoleTables

    init(_ tables: ConsoleTables, since: Int64?) {
        self.tables = tables
        self.since = since
        lines = tables.years.flatMap { year, results in results.lines.values.map { (year: year, line: $0) } }
    }

    private var newest: Int64 { lines.map(\.line.issued).max() ?? 0 }

    /// What the page shows, with the token of its form.
    func context(_ token: String) -> [String: Any] {
        var context: [String: Any] = ["until": String(newest), "token": token]
        guard let since else {
            context["lead"] =
                "You have not marked any results as seen. When you do, this lists what changes afterwards."
            context["mark"] = lines.isEmpty ? nil : true
            return context
        }
        let changed = lines.filter { $0.line.issued > since }
            .sorted { ($1.line.issued, $0.line.code) < ($0.line.issued, $1.line.code) }
        let time = Date(timeIntervalSince1970: Double(since) / 1000).ISO8601Format()
        context["lead"] =
            changed.isEmpty
            ? "No determination has changed since those that you marked as seen (the newest is of \(time))."
            : "\(Words.count(changed.count, "determination")) changed since those that you marked as seen (the newest is of \(time))."
        guard !changed.isEmpty else { return context }
        context["mark"] = true
        context["table"] = table(changed).context
        return context
    }

    private func table(_ changed: [(year: Int, line: DeterminationLine)]) -> TablePart {
        TablePart(
            caption: "Determinations that changed since you marked them as seen",
            columns: ["Organization", "School year", "Determination", "Revision", "What changed"],
            numbers: [3],
            rows: changed.prefix(Self.most)
                .map { year, line in
                    let changes = tables.years[year]?.determination(line.code)?.changes ?? []
                    return [
                        .init(line.title, link: Address.organization(year, line.code), note: line.code.description),
                        .init(SchoolYear.title(year), kind: "tight"), .init(line.outcome), .init(line.revision),
                        .init(changes.map(ChangeWords.readable).joined(separator: "; ")),
                    ]
                },
            note: changed.count > Self.most ? "The newest \(Self.most) of \(Words.grouped(changed.count))." : nil
        )
    }

    /// Takes the mark that the form of the page sends.
    static func take(_ call: DeskRoute.Call) async throws -> DeskRoute.Reply {
        let account = try call.account(.data)
        guard let until = call.form?["until"].flatMap({ Int64($0) }), until >= 0 else {
            throw Problem(422, "the form lacks up to when the results were seen: open the release desk again")
        }
        try await call.desk.looks.set(until, of: account.name)
        return .seeOther("/release")
    }
}
