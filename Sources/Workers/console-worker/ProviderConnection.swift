import AsyncHTTPClient
import Console
import NIOCore
import NIOHTTP1

/// Sends requests to the provider of single sign-on over HTTP.
///
/// It follows no redirects, reads a limited answer, and waits for it a limited time.
final class ProviderConnection: Sendable {
    private struct Late: Error {}

    private let client: HTTPClient

    init() {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, decompression: .disabled)
        configuration.timeout.connect = .seconds(5)
        configuration.httpVersion = .http1Only
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Closes the connections.
    deinit {
        let client = client
        Task { try? await client.shutdown() }
    }

    /// Sends a request; returns the answer, whatever its status.
    func send(_ asked: ProviderClient.Request) async throws -> ProviderClient.Answer {
        var request = HTTPClientRequest(url: asked.url)
        request.headers.add(name: "accept", value: "application/json")
        if let authorization = asked.authorization { request.headers.add(name: "authorization", value: authorization) }
        if let form = asked.form {
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
            request.body = .bytes(ByteBuffer(string: form))
        }
        let (client, sent) = (client, request)
        // The client's own time limit covers only the head of the answer.
        return try await withThrowingTaskGroup(of: ProviderClient.Answer.self) { group in
            group.addTask {
                let response = try await client.execute(
                    sent,
                    timeout: .seconds(ProviderClient.timeLimit.components.seconds)
                )
                let body = try await response.body.collect(upTo: ProviderClient.mostBytes)
                return ProviderClient.Answer(status: Int(response.status.code), body: Array(body.readableBytesView))
            }
            group.addTask {
                try await Task.sleep(for: ProviderClient.timeLimit)
                throw Late()
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw Late() }
            return answer
        }
    }
}
