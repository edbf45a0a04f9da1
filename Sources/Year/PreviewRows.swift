import Messages
import Rules
import Stages
import Tables

/// The rows of a previewed file that cause the change of a determination.
public struct PreviewRows: Sendable, Hashable, Codable {
    /// Whose rows they are.
    public enum Owner: String, Sendable, Codable {
        /// Of the organization itself; of a district also those of its schools.
        case own
        /// Of its district or the state: acts of the Department.
        case above
        /// Of other organizations: those that it is ranked with, or that its students came from or went to.
        case others
    }

    /// The most runs of lines that are written out.
    static let mostRuns = 50

    /// The file, as the submission would be called.
    public let file: String
    /// Whose they are.
    public let of: Owner
    /// How many there are.
    public let count: Int
    /// Their lines, such as `2-3,9`.
    ///
    /// The header is line 1. Of more than 50 runs there are the first 50, and `…`.
    public let lines: String

    init(file: String, of owner: Owner, lines: [UInt32]) {
        self.file = file
        of = owner
        count = lines.count
        self.lines = Self.text(lines.sorted())
    }

    /// Lines in their order as runs.
    static func text(_ lines: [UInt32]) -> String {
        var runs: [(first: UInt32, last: UInt32)] = []
        for line in lines {
            if let last = runs.last, last.last + 1 == line {
                runs[runs.count - 1].last = line
            } else {
                runs.append((line, line))
            }
        }
        let shown = runs.prefix(mostRuns).map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }
        return shown.joined(separator: ",") + (runs.count > mostRuns ? ",…" : "")
    }
}

/// The rows of previewed files that would change something, by the organization that they are of.
///
/// A row changes something if it is accepted and differs from the current one. The files are read again for this,
/// because the stages' records do not name the line of a retraction.
struct PreviewedFiles {
    private struct File {
        let name: String
        /// Lines by organization.
        var lines: [OrganizationCode: [UInt32]] = [:]
        /// All of them, as those of others: an organization without rows of its own has no part in them.
        var others: PreviewRows?
    }

    private var files: [File] = []

    /// The rows of the files that were taken.
    ///
    /// - Parameters:
    ///   - files: as they were taken.
    ///   - options: as for a submission.
    ///   - tables: the publications, with the followed submissions.
    /// - Throws: ``YearFault`` for a file that cannot be read again.
    init(_ files: [TakenFile], _ options: FileIngestion.Options, _ tables: YearTables) throws {
        var refused: [String: Set<UInt32>] = [:]
        try tables.rejections.visit { refused[$0.submission, default: []].insert(UInt32(clamping: $0.line)) }
        for taken in files {
            guard case .success = taken.outcome else { continue }
            let refused = refused[taken.submission] ?? []
            let changed = tables.changedLines(of: taken.submission)
            var file = File(name: taken.submission)
            do {
                try Self.visit(taken.file, options) { organization, line, isRetraction in
                    guard !refused.contains(line), isRetraction || changed.contains(line) else { return }
                    file.lines[organization, default: []].append(line)
                }
            } catch {
                throw YearFault(.changed, "\(taken.file.name) cannot be read a second time; try again")
            }
            let all = file.lines.values.joined()
            if !all.isEmpty { file.others = PreviewRows(file: file.name, of: .others, lines: Array(all)) }
            self.files.append(file)
        }
    }

    /// Visits every readable row of a file.
    ///
    /// Acts of the Department count like retractions, because no record names their line.
    private static func visit(
        _ file: InputFile,
        _ options: FileIngestion.Options,
        _ body: (_ organization: OrganizationCode, _ line: UInt32, _ isRetraction: Bool) -> Void
    ) throws {
        let dialect = options.delimiter.flatMap { CSVDialect.lenient(delimiter: $0) } ?? .lenient
        var reader = try CSVReader(path: file.path, dialect: dialect)
        let match =
            if let layout = file.layout {
                try layout.match(header: reader.header, ignoringExtra: options.ignoreExtra)
            } else {
                try Layout.recognize(header: reader.header, ignoringExtra: options.ignoreExtra)
            }
        func place(_ column: String) -> Int? {
            match.layout.columns.firstIndex { $0.name == column }.flatMap { match.positions[$0] }
        }
        guard let organization = place("org_code") else { return }
        let action = place("action")
        while true {
            do {
                guard try reader.next() else { return }
            } catch {
                guard error.isRecoverable else { throw error }
                continue
            }
            guard organization < reader.fieldCount,
                let code = OrganizationCode(reader.text(organization).trimmed)
            else { continue }
            let isDeletion = action.map { $0 < reader.fieldCount && reader.text($0).trimmed == "delete" } ?? false
            body(code, UInt32(clamping: reader.line), isDeletion || match.layout == .directives)
        }
    }

    /// The rows that cause the change of an organization's determination: its own and those of the organizations above
    /// it; if there are none, those of others.
    func rows(of organization: String) -> [PreviewRows] {
        guard let code = OrganizationCode(organization) else { return [] }
        var near: [PreviewRows] = []
        for file in files {
            var own = file.lines[code] ?? []
            if code == code.district {
                for (other, lines) in file.lines where other != code && other.district == code { own += lines }
            }
            let above = Set([code.district, .state]).subtracting([code]).flatMap { file.lines[$0] ?? [] }
            if !own.isEmpty { near.append(PreviewRows(file: file.name, of: .own, lines: own)) }
            if !above.isEmpty { near.append(PreviewRows(file: file.name, of: .above, lines: above)) }
        }
        return near.isEmpty ? files.compactMap(\.others) : near
    }
}

extension String {
    /// Without blanks around it, as a field is read.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace ?? false { text.removeFirst() }
        while text.last?.isWhitespace ?? false { text.removeLast() }
        return String(text)
    }
}
