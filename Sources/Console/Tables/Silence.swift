extension ConsoleTables {
    /// The brokers do not answer.
    ///
    /// The console shows the data that it had before.
    package struct Silence: Sendable, Hashable {
        /// The time of their last answer, in the format of RFC 3339.
        package let since: String
        package let why: String

        package init(since: String, why: String) {
            self.since = since
            self.why = why
        }

        /// The text for pages.
        package var text: String { "The data is from \(since), when the brokers last answered. Since then: \(why)" }

        /// The silence without its cause, for visitors who do not run the installation.
        var withoutReason: Silence { Silence(since: since, why: "the brokers do not answer.") }
    }
}
