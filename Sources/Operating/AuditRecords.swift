internal import Foundation
internal import Stages

/// The last results of `accountability audit`, as this machine's home keeps them.
///
/// They are only times and numbers, so they name no one.
public struct AuditRecords: Codable, Hashable, Sendable {
    /// What was checked.
    public enum Check: String, CaseIterable, Sendable {
        /// The checks that every audit makes.
        case tables
        /// Every table was computed from the ledger again.
        case recomputation
        /// Everything that is published was attacked.
        case disclosure
    }

    /// The result of a check.
    public struct Record: Codable, Hashable, Sendable {
        /// When the check began, milliseconds since 1970: it may not have seen anything later.
        public let began: Int64
        /// When it ended.
        public let ended: Int64
        /// How many problems it found.
        public let problems: Int
        /// How many warnings it gave.
        public let warnings: Int
        /// Of an attack on what is published: in how many school years, districts were attacked, each counted once for
        /// every year.
        public let attacked: Int
        /// How many of them were not attacked.
        public let left: Int

        /// A result.
        public init(
            began: Int64,
            ended: Int64,
            problems: Int,
            warnings: Int,
            attacked: Int = 0,
            left: Int = 0
        ) {
            self.began = began
            self.ended = ended
            self.problems = problems
            self.warnings = warnings
            self.attacked = attacked
            self.left = left
        }
    }

    /// By installation and check.
    private var records: [String: [String: Record]] = [:]

    /// No results.
    public init() {}

    /// The results that a home keeps; none if it keeps none.
    ///
    /// - Throws: `Failure` if the file cannot be read.
    public init(_ home: Home) throws(Failure) {
        guard FileManager.default.fileExists(atPath: home.auditRecords.path) else { return }
        do {
            self = try JSONDecoder().decode(Self.self, from: try Data(contentsOf: home.auditRecords))
        } catch {
            throw Failure(
                .configuration,
                "\(home.auditRecords.path) cannot be read: delete it, and run `accountability audit` again"
            )
        }
    }

    /// The last result of a check on the installation at some brokers; nil if none is kept.
    public subscript(check: Check, brokers brokers: String, namespace namespace: String) -> Record? {
        get { records[Self.name(brokers, namespace)]?[check.rawValue] }
        set { records[Self.name(brokers, namespace), default: [:]][check.rawValue] = newValue }
    }

    private static func name(_ brokers: String, _ namespace: String) -> String { "\(brokers) \(namespace)" }

    /// Keeps the results in a home.
    ///
    /// - Throws: `Failure` if the file cannot be written.
    public func save(_ home: Home) throws(Failure) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(self).write(to: home.auditRecords, options: .atomic)
        } catch {
            throw Failure(
                FileErrorText.isFull(error) ? .tryAgain : .configuration,
                "\(home.auditRecords.path) cannot be written: \(FileErrorText.words(error))"
            )
        }
    }
}
