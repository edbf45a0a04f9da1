package import Messages
internal import Stages

extension Accountability_V1_SubmissionHeader {
    /// Whether one of these accounts submitted the file through the console.
    ///
    /// Files of an earlier account with the same name do not count.
    package func isSubmitted(by accounts: [Account]) -> Bool {
        channel == FileIngestion.Options.Channel.console.rawValue
            && accounts.contains { $0.name == submittedBy && receivedUnixMilliseconds >= $0.since }
    }
}
