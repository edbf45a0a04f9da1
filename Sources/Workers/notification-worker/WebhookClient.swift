import AsyncHTTPClient
import Foundation
import Messages
import NIOCore
import NIOHTTP1
import NIOPosix
import Stages

/// Posts notices to an endpoint.
///
/// Each attempt resolves the host name, checks the address, and connects to exactly this address. A later change of the
/// name therefore has no effect (DNS rebinding). Redirects are not followed. Of the answer, only the status and
/// `Retry-After` are used.
actor WebhookClient {
    private static let longestAnswer = 65_536

    private let endpoint: WebhookEndpoint
    private let secret: WebhookSecret
    private let timeout: Int64
    private let source: String
    private let resolve: @Sendable (String, Int) async throws -> String
    private var current: (address: String, client: HTTPClient)?

    /// A client.
    ///
    /// - `source`: the `source` of the events.
    /// - `resolve`: returns an address of a host.
    init(
        endpoint: WebhookEndpoint,
        secret: WebhookSecret,
        timeoutSeconds: Int64,
        source: String,
        resolve: @escaping @Sendable (String, Int) async throws -> String = WebhookClient.resolve
    ) {
        self.endpoint = endpoint
        self.secret = secret
        timeout = timeoutSeconds
        self.source = source
        self.resolve = resolve
    }

    /// The first address of a host, by the system's resolver.
    static func resolve(_ host: String, _ port: Int) async throws -> String {
        try await NIOThreadPool.singleton.runIfActive {
            try SocketAddress.makeAddressResolvingHost(host, port: port).ipAddress ?? ""
        }
    }

    /// One attempt.
    func post(_ notice: Accountability_V1_Notice, published: Int64) async -> DeliveryOutcome {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        do {
            let body = try WebhookMessage.body(of: notice, source: source, published: published)
            let address = try await resolve(endpoint.host, endpoint.port)
            guard endpoint.allowPrivate || NetworkAddress(address)?.isPublic == true else {
                return .refused("\(endpoint.host) resolves to an address outside the public internet")
            }
            var request = HTTPClientRequest(url: endpoint.url)
            request.method = .POST
            for (name, value) in WebhookMessage.headers(of: notice, body: body, secret: secret, timestamp: now / 1000) {
                request.headers.add(name: name, value: value)
            }
            request.body = .bytes(ByteBuffer(bytes: body))
            let client = client(for: address)
            let (sent, timeout) = (request, timeout)
            // The client's own time limit covers only the head of the answer.
            return try await withThrowingTaskGroup(of: DeliveryOutcome.self) { group in
                group.addTask {
                    let response = try await client.execute(sent, timeout: .seconds(timeout))
                    var length = 0
                    for try await piece in response.body {
                        length += piece.readableBytes
                        if length > Self.longestAnswer { break }
                    }
                    return WebhookMessage.outcome(
                        status: Int(response.status.code),
                        retryAfter: response.headers.first(name: "Retry-After"),
                        now: now
                    )
                }
                group.addTask {
                    try await Task.sleep(for: .seconds(timeout))
                    return .failed("the endpoint took longer than \(timeout) seconds")
                }
                defer { group.cancelAll() }
                return try await group.next() ?? .failed("no answer")
            }
        } catch {
            return .failed(Self.text(of: error))
        }
    }

    /// Closes the connections.
    deinit {
        if let last = current?.client { Task { try? await last.shutdown() } }
    }

    /// A client that connects to this address.
    private func client(for address: String) -> HTTPClient {
        if let current, current.address == address { return current.client }
        if let old = current?.client { Task { try? await old.shutdown() } }
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, decompression: .disabled)
        configuration.timeout.connect = .seconds(min(timeout, 10))
        configuration.timeout.read = .seconds(timeout)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.dnsOverride = [endpoint.host: address]
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        current = (address, client)
        return client
    }

    /// The error on one short line.
    private static func text(of error: any Error) -> String {
        let text = String(describing: error).map { $0.isASCII && !$0.isNewline ? $0 : " " }
        return "the endpoint could not be reached: \(String(text.prefix(200)))"
    }
}
