internal import Operating

/// How often somebody may try to sign in, so that passwords cannot be guessed one after another.
package struct AttemptLimits: Sendable {
    package typealias Moment = ContinuousClock.Instant

    /// Within this time an account may be tried so often, and all of them together so often.
    package static let window = Duration.seconds(600)
    package static let mostOfAName = 8
    package static let mostOfAll = 100

    private var all: [Moment] = []
    private var names: [String: [Moment]] = [:]

    package init() {}

    /// Takes an attempt for a name; returns how long to wait where there were too many, and then nothing is tried.
    package mutating func take(_ name: String, at now: Moment) -> Duration? {
        // What no account can be called is counted as one name: nobody fills the memory with names.
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

    /// Takes note that somebody signed in: what was mistyped before does not count any more.
    package mutating func succeed(_ name: String) { names[name] = nil }
}
