internal import ArgumentParser
internal import Foundation
internal import Logging
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Tables

/// Checks whether a school year can be closed, before its marker is written behind all rows.
struct ClosingCheck {
    let connection: Connection
    let year: Int

    /// The greatest length of a reason, in characters.
    private static let longestReason = 500
    /// How long to wait for rows that were submitted.
    private static let patience = Duration.seconds(60)

    init(_ connection: Connection, year: Int) {
        self.connection = connection
        self.year = year
    }

    /// A reason goes into a header of the ledger: one line, not too long, and not blank.
    static func validate(reason: String) throws {
        let isBlank = reason.allSatisfy(\.isWhitespace)
        guard !isBlank, reason.count <= longestReason, reason == PlainText.escaped(reason, limit: longestReason) else {
            throw ValidationError("--incomplete takes a reason: one line of at most \(longestReason) characters")
        }
    }

    /// Refuses to close a year with missing rows, and reports other doubts.
    ///
    /// A year that was closed before is live, and closing it again changes nothing. Waits for rows that validation has
    /// not reached yet.
    ///
    /// - `counts`: partitions of each topic.
    func refuseIncomplete(_ counts: [String: Int32]) throws {
        guard try !YearState(connection: connection, year: year).isClosed() else { return }
        let completeness = try Self.settled {
            try Completeness(connection, year: year)
        } afterwards: {
            try awaitValidation(counts)
        }
        let found = completeness.lines.filter { $0.finding != nil }
        guard completeness.isIncomplete else {
            if !found.isEmpty {
                Standard.error(
                    "close-year: \(Completeness.summary(found)); `accountability completeness \(year) --missing` lists them"
                )
            }
            return
        }
        let silent = found.filter(Completeness.forbidsClosing)
        let shown = silent.prefix(3)
            .map { "\($0.orgCode) has no \($0.layout) (\($0.expected ?? 0) rows the year before)" }
        throw Failure(
            .badInput,
            "\(year) is not closed, because rows are missing: \(shown.joined(separator: ", "))\(silent.count > 3 ? ", and \(silent.count - 3) more" : ""); "
                + "`accountability completeness \(year) --missing` lists them; submit them, or say with --incomplete why the year is closed without them"
        )
    }

    /// Finds out what is missing.
    ///
    /// If something is, reads again after waiting.
    ///
    /// The rows may have been validated between the first reading and the wait, so the last reading comes after it.
    static func settled(_ read: () throws -> Completeness, afterwards wait: () throws -> Void) throws -> Completeness {
        let first = try read()
        guard first.isIncomplete else { return first }
        try wait()
        return try read()
    }

    /// Waits until validation has read all rows, but no longer than ``patience``.
    private func awaitValidation(_ counts: [String: Int32]) throws {
        let groups = StageGroup.all(connection.pipeline).filter { $0.stage == PipelineStage.validation.name }
        let reader = try LagReader(connection, logger: Logger(label: "accountability"))
        defer { reader.close() }
        let deadline = ContinuousClock.now + Self.patience
        while try reader.lags(of: groups, counts).contains(where: { $0 > 0 }), ContinuousClock.now < deadline {
            Thread.sleep(forTimeInterval: 0.5)
        }
    }
}
