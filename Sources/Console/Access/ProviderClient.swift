/// Sends the requests of single sign-on to the provider.
///
/// The console itself knows no network. The worker passes in an HTTP client, and a test a provider of its own.
package struct ProviderClient: Sendable {
    /// A request: GET, or POST if there is a form.
    ///
    /// It may contain the client's secret, so it never prints its content.
    package struct Request: Sendable, CustomStringConvertible, CustomReflectable {
        package let url: String
        /// The fields of a form, as `application/x-www-form-urlencoded`.
        package var form: String?
        /// The `Authorization` header.
        package var authorization: String?

        init(_ url: String) { self.url = url }

        /// Only where the request goes.
        package var description: String { "a request to \(url)" }
        /// An empty mirror, so that nothing is revealed.
        package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
    }

    /// An answer.
    package struct Answer: Sendable {
        package let status: Int
        package let body: [UInt8]

        package init(status: Int, body: [UInt8]) {
            self.status = status
            self.body = body
        }
    }

    /// How long an answer may take.
    package static let timeLimit = Duration.seconds(10)
    /// The most bytes of an answer.
    package static let mostBytes = 256 << 10

    /// Sends a request, without following a redirect.
    ///
    /// It throws if there is no complete answer within the limits.
    package let send: @Sendable (Request) async throws -> Answer

    package init(_ send: @escaping @Sendable (Request) async throws -> Answer) { self.send = send }
}
