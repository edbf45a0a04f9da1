/// A way in which notices leave the pipeline.
package enum DeliveryChannel: String, Sendable, Hashable, CaseIterable {
    /// A POST to an endpoint.
    case webhook
    /// Messages for a mailer.
    case mail
    /// A file each.
    case files
}

/// How an attempt ended.
package enum DeliveryOutcome: Sendable, Hashable {
    /// The notice arrived.
    case delivered
    /// It may succeed later; not before so many milliseconds, where the other side named them.
    case failed(String, retryAfter: Int64? = nil)
    /// The same again would fail again.
    case refused(String)
}
