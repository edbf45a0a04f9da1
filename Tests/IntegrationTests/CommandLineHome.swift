import Testing

/// A home that `accountability` is called in.
protocol CommandLineHome {
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
}
