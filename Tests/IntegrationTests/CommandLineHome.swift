import Foundation
import Testing

/// A home that `accountability` is called in.
protocol CommandLineHome {
    /// Its folder.
    var home: String { get }
    /// What the command finds in its environment besides what the tests have.
    var environment: [String: String] { get }
}

extension CommandLineHome {
    /// Calls `accountability`.
    @discardableResult
    func call(_ arguments: [String]) throws -> Outcome {
        try run("\(TestEnvironment.programs ?? "")/accountability", arguments, environment: environment)
    }

    /// Calls `accountability` and requires that it ends as it should.
    @discardableResult
    func must(_ arguments: [String], code: Int32 = 0) throws -> Outcome {
        let outcome = try call(arguments)
        try #require(
            outcome.code == code,
            "accountability \(arguments.prefix(4).joined(separator: " ")): \(outcome.code)\n\(outcome.errors)\n\(outcome.output.suffix(2000))"
        )
        return outcome
    }

    /// The process of a program that `up` started; nil while it does not run.
    func pid(_ name: String) -> Int32? {
        (try? String(contentsOfFile: "\(home)/run/\(name).pid", encoding: .utf8))?
            .split(whereSeparator: \.isWhitespace).first.flatMap { Int32($0) }
    }

    /// What a worker tells monitoring.
    func metrics(_ name: String) throws -> String {
        let address = try String(contentsOfFile: "\(home)/run/\(name).address", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return try run("/usr/bin/env", ["curl", "-s", "-m", "10", "http://\(address)/metrics"]).output
    }
}
