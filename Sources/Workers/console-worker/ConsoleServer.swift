import Console
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Operating
import ServiceLifecycle
import Synchronization

/// Serves the console over HTTP, on the loopback interface.
struct ConsoleServer: Sendable {
    let console: Console
    let store: ConsoleStore
    let address: LoopbackAddress
    let addressFile: String?
    let logger: Logger

    /// How many connections there may be, and how many of them may follow the data.
    private static let mostConnections = 256
    private static let mostFollowers = 64
    private let followers = Followers()

    init(console: Console, store: ConsoleStore, address: LoopbackAddress, addressFile: String?, logger: Logger) {
        self.console = console
        self.store = store
        self.address = address
        self.addressFile = addressFile
        self.logger = logger
    }

    private final class Followers: Sendable {
        let count = Atomic<Int>(0)
    }

    /// Serves until the task is cancelled.
    func run() async throws {
        let server = self
        let responder = CallbackResponder<BasicRequestContext> { request, _ in server.response(to: request) }
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let (address, addressFile, logger) = (address, addressFile, logger)
        let application = Application(
            responder: responder,
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(60),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 8192,
                        maxHeaderListSize: 16_384,
                        maxHeaderFieldCount: 64
                    )
                )
            ),
            configuration: .init(
                address: .hostname(address.host, port: address.port),
                serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(Self.mostConnections)
            ),
            onServerRunning: { channel in
                guard let port = channel.localAddress?.port else { return }
                logger.info("listening", metadata: ["address": "\(address.text(port: port))"])
                guard let addressFile else { return }
                do {
                    try Data("\(address.text(port: port))\n".utf8)
                        .write(to: URL(fileURLWithPath: addressFile), options: .atomic)
                } catch {
                    logger.error("the address cannot be written to \(addressFile): \(error)")
                }
            },
            logger: quiet
        )
        try await application.run()
    }

    private func response(to request: Request) -> Response {
        let response = answer(to: request)
        // An answer to HEAD has no body, or the next one on the connection would begin in it.
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(to request: Request) -> Response {
        let asked = ConsoleRequest(
            request.head.path ?? "",
            method: request.method.rawValue,
            host: request.head.authority,
            ifNoneMatch: request.headers[.ifNoneMatch]
        )
        let isReading = request.method == .get || request.method == .head
        if isReading, HostCheck.isLoopback(asked.host) {
            switch asked.target {
            case "/health": return Self.plain(.ok, "healthy")
            case "/ready":
                let obstacle = store.isReady ? store.current.silence?.text : "the topics are being read"
                return Self.plain(obstacle == nil ? .ok : .serviceUnavailable, obstacle ?? "ready")
            case "/events": return events()
            case "/run", "/files", "/api/v1/run", "/api/v1/submissions": store.noteLook()
            default: break
            }
        }
        let answer = console.respond(to: asked, store.current)
        return Response(
            status: .init(code: answer.status),
            headers: Self.fields(answer.headers),
            body: .init(byteBuffer: ByteBuffer(bytes: answer.body))
        )
    }

    /// The revision of the data whenever it changes, as server-sent events.
    private func events() -> Response {
        guard followers.count.load(ordering: .relaxed) < Self.mostFollowers else {
            return Self.plain(.serviceUnavailable, "too many pages follow the data already")
        }
        var fields = Self.fields(Console.guards)
        fields[.contentType] = "text/event-stream"
        fields[.cacheControl] = "no-store"
        let (store, followers) = (store, followers)
        return Response(
            status: .ok,
            headers: fields,
            body: .init { writer in
                // Counted here: a connection that ends before its answer begins never comes so far.
                followers.count.wrappingAdd(1, ordering: .relaxed)
                defer { followers.count.wrappingSubtract(1, ordering: .relaxed) }
                var sent: UInt64?
                var quiet = 0
                while !Task.isCancelled {
                    store.noteLook()
                    let revision = store.revision
                    if revision != sent {
                        try await writer.write(ByteBuffer(string: "data: \(revision)\n\n"))
                        (sent, quiet) = (revision, 0)
                    } else if quiet >= 150 {
                        // Whether somebody still listens shows when something is written.
                        try await writer.write(ByteBuffer(string: ": still here\n\n"))
                        quiet = 0
                    }
                    quiet += 1
                    try await Task.sleep(for: .milliseconds(100))
                }
                try await writer.finish(nil)
            }
        )
    }

    private static func fields(_ headers: [ConsoleResponse.Header]) -> HTTPFields {
        var fields = HTTPFields()
        for header in headers { if let name = HTTPFields.Element.Name(header.name) { fields[name] = header.value } }
        return fields
    }

    private static func plain(_ status: HTTPResponse.Status, _ text: String) -> Response {
        var fields = Self.fields(Console.guards)
        fields[.contentType] = "text/plain; charset=utf-8"
        fields[.cacheControl] = "no-store"
        return Response(status: status, headers: fields, body: .init(byteBuffer: ByteBuffer(string: text + "\n")))
    }
}

/// The server as a service; an address that cannot be had ends the console.
struct ConsoleServerService: Service {
    let server: ConsoleServer

    func run() async throws {
        // A page that follows the data does not hold a console that is to end.
        try await cancelWhenGracefulShutdown { try await server.run() }
    }
}
