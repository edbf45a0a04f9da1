internal import Operating

/// Limits how often someone may try to sign in, so that no one can guess passwords by trying many.
package struct AttemptLimits: Sendable {
    package typealias Moment = ContinuousClock.Instant

    /// The period in which attempts are counted.
    ///
    /// There is a limit for each account and one for all accounts together.
    package static let window = Duration.seconds(600)
    package static let mostOfAName = 8
    package static let mostOfAll = 100

    private var all: [Moment] = []
    private var names: [String: [Moment]] = [:]

    package init() {}

    /// Counts an attempt for a name.
    ///
    /// Returns how long to wait if there were too many attempts. Then the password is not checked.
    package mutating func take(_ name: String, at now: Moment) -> Duration? {
        // Invalid names count as one name, so that no one can fill the memory with names.
        let name = Account.isName(name) ? name : ""
        all.removeAll { now - $0 >= Self.window }
        names = names.mapValues { $0.filter { now - $0 < Self.window } }.filter { !$0.value.isEmpty }
        let own = names[name] ?? []
        if own.count >= Self.mostOfAName, let first = own.first { return Self.window - (now - first) }
        if all.count >= Self.mostOfAll, let first = all.first { return Self.window - (now - first) }
        all.append(now)
        names[name, default: []].append(now)
        return nil
    }

    /// Notes that someone signed in.
    ///
    /// Earlier wrong attempts for the name no longer count.
    package mutating func succeed(_ name: String) { names[name] = nil }
}

extension Problem {
    /// There were too many attempts to sign in.
    static func tooManyAttempts(wait: Duration) -> Problem {
        let seconds = max(1, Int(wait.components.seconds))
        return Problem(
            429,
            "there were too many attempts to sign in: try again in \(max(1, (seconds + 59) / 60)) minutes",
            retryAfter: seconds
        )
    }
}
