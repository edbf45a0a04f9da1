import Console
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import Operating
import ServiceLifecycle
import Synchronization
import WorkerProcess

/// Serves the console over HTTP, on the loopback interface.
struct ConsoleServer: Sendable {
    let site: Site
    let store: ConsoleStore
    let address: LoopbackAddress
    let addressFile: String?
    let logger: Logger

    /// The most connections, and the most connections that may follow the data.
    private static let mostConnections = 256
    private static let mostFollowers = 64
    /// The least time between two events, so that many changes at once do not make every page ask for each of them.
    private static let eventInterval = Duration.milliseconds(50)
    /// How often it is checked that the visitor may still follow the data.
    private static let checkInterval = Duration.milliseconds(200)
    /// The most files received at once.
    ///
    /// Each is held in memory until it is complete.
    private static let mostUploads = 2
    /// How requests are read, and how long a connection may be idle.
    private static let http = HTTP1Channel.Configuration(
        idleTimeout: .seconds(60),
        httpDecoderConfiguration: .init(
            maxHeaderFieldSize: 8192,
            maxHeaderListSize: 16_384,
            maxHeaderFieldCount: 64
        )
    )
    private let followers = Counter()
    private let uploads = Counter()

    init(site: Site, store: ConsoleStore, address: LoopbackAddress, addressFile: String?, logger: Logger) {
        self.site = site
        self.store = store
        self.address = address
        self.addressFile = addressFile
        self.logger = logger
    }

    private final class Counter: Sendable {
        let count = Atomic<Int>(0)
    }

    /// Serves until the task is cancelled.
    func run() async throws {
        let server = self
        let responder = CallbackResponder<BasicRequestContext> { request, _ in await server.response(to: request) }
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let (address, logger) = (address, logger)
        try await AddressFile.keep(addressFile, logger: logger) { [quiet] listens in
            let application = Application(
                responder: responder,
                server: HTTPServerBuilder {
                    ConsoleChannel(http: HTTP1Channel(responder: $0, configuration: Self.http))
                },
                configuration: .init(
                    address: .hostname(address.host, port: address.port),
                    serverName: nil,
                    availableConnectionsDelegate: MaximumAvailableConnections(Self.mostConnections)
                ),
                onServerRunning: { channel in
                    guard let port = channel.localAddress?.port else { return }
                    logger.info("listening", metadata: ["address": "\(address.text(port: port))"])
                    listens(address.text(port: port))
                },
                logger: quiet
            )
            try await application.run()
        }
    }

    private func response(to request: Request) async -> Response {
        let response = await answer(to: request)
        // An answer to HEAD must have no body, or the client would read it as the next answer on the connection.
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(to request: Request) async -> Response {
        var asked = Self.asked(request)
        let isReading = request.method == .get || request.method == .head
        // Who runs the console asks on this machine, also behind a proxy.
        if isReading, HostCheck.isLoopback(asked.host), !asked.isForwarded {
            switch asked.target {
            case "/health": return Self.plain(.ok, "healthy")
            case "/ready": return ready(asked)
            case "/metrics": return metrics()
            default: break
            }
        }
        if isReading, site.isReached(by: asked) {
            switch asked.target {
            case "/events":
                guard site.mayFollow(asked) else { return Self.plain(.unauthorized, "sign in first") }
                return events(asked)
            case "/run", "/files", "/api/v1/run", "/api/v1/submissions": store.noteLook()
            default: break
            }
        }
        if !isReading {
            switch await body(of: request, asked) {
            case .taken(let bytes): asked.body = bytes
            case .refused(let status, let text):
                return Self.response(site.refuse(asked, status.code, text))
            }
        }
        let begun = ContinuousClock.now
        let answer = await site.respond(to: asked)
        Metrics.Timer(
            label: "accountability_console_answer_seconds",
            dimensions: [("kind", asked.isAPI ? "api" : "page"), ("status", "\(answer.status / 100)xx")]
        )
        .record(duration: ContinuousClock.now - begun)
        return Self.response(answer)
    }

    private static func response(_ answer: ConsoleResponse) -> Response {
        Response(
            status: .init(code: answer.status),
            headers: fields(answer.headers),
            body: .init(byteBuffer: ByteBuffer(bytes: answer.body))
        )
    }

    private static func asked(_ request: Request) -> ConsoleRequest {
        var asked = ConsoleRequest(
            request.head.path ?? "",
            method: request.method.rawValue,
            host: request.head.authority,
            ifNoneMatch: request.headers[.ifNoneMatch]
        )
        asked.cookie = request.headers[.cookie]
        asked.origin = request.headers[.origin]
        asked.contentType = request.headers[.contentType]
        asked.fetchSite = HTTPFields.Element.Name("Sec-Fetch-Site").flatMap { request.headers[$0] }
        asked.token = HTTPFields.Element.Name(ConsoleRequest.tokenHeader).flatMap { request.headers[$0] }
        asked.isForwarded = ConsoleRequest.forwardingHeaders.contains { name in
            HTTPFields.Element.Name(name).map { request.headers[$0] != nil } ?? false
        }
        asked.forwardedScheme = HTTPFields.Element.Name("X-Forwarded-Proto").flatMap { request.headers[$0] }
            .map { $0.prefix { $0 != "," }.lowercased() }
        asked.isRenewal = HTTPFields.Element.Name("X-Renewal").map { request.headers[$0] != nil } ?? false
        return asked
    }

    private func ready(_ asked: ConsoleRequest) -> Response {
        let obstacle = store.isReady ? store.current.silence?.text : "the topics are being read"
        guard let obstacle else { return Self.plain(.ok, "ready") }
        return Self.plain(.serviceUnavailable, site.isOpen(asked) ? obstacle : "not ready")
    }

    /// What Prometheus reads: how long answers take, and whether the figures are current.
    ///
    /// Anyone may read it, so it does not tell when figures change that are not public.
    private func metrics() -> Response {
        let name = "accountability_console_ready"
        let ready =
            "# HELP \(name) 1 if every topic was read and the brokers answer.\n# TYPE \(name) gauge\n\(name) \(isCurrent ? 1 : 0)\n"
        return Self.plain(.ok, ready + PrometheusFactory.shared.text())
    }

    private var isCurrent: Bool { store.isReady && store.current.silence == nil }

    private enum Body {
        case taken([UInt8])
        case refused(HTTPResponse.Status, String)
    }

    /// Reads the body of a request, up to the limit of the address; reads nothing if the request may not send any.
    private func body(of request: Request, _ asked: ConsoleRequest) async -> Body {
        let limit = site.bodyLimit(for: asked)
        guard limit > 0 else { return .taken([]) }
        let isLarge = limit > 1 << 20
        let most = isLarge ? "\(limit >> 20) MB; accountability submit takes larger files" : "\(limit) bytes"
        let tooLarge = Body.refused(.contentTooLarge, "this address takes at most \(most)")
        guard request.headers[.contentLength].map({ Int($0).map { $0 <= limit } ?? false }) ?? true else {
            return tooLarge
        }
        if isLarge, uploads.count.add(1, ordering: .relaxed).newValue > Self.mostUploads {
            uploads.count.subtract(1, ordering: .relaxed)
            return .refused(.serviceUnavailable, "other files are being received: try again in a moment")
        }
        defer { if isLarge { uploads.count.subtract(1, ordering: .relaxed) } }
        do {
            return .taken(Array(buffer: try await request.body.collect(upTo: limit)))
        } catch is NIOTooManyBytesError {
            return tooLarge
        } catch {
            return .refused(.badRequest, "the request was incomplete: send it again")
        }
    }

    /// Sends the revision of the data at each change, as server-sent events.
    private func events(_ asked: ConsoleRequest) -> Response {
        guard followers.count.load(ordering: .relaxed) < Self.mostFollowers else {
            return Self.plain(
                .serviceUnavailable,
                "too many open pages already follow the data: close some, or try again later"
            )
        }
        var fields = Self.fields(ConsoleResponse.guards)
        fields[.contentType] = "text/event-stream"
        fields[.cacheControl] = "no-store"
        // A proxy such as nginx would hold events back until there are more of them.
        if let name = HTTPFields.Element.Name("X-Accel-Buffering") { fields[name] = "no" }
        let (store, followers, site) = (store, followers, site)
        // An open page does not keep a session alive.
        var renewal = asked
        renewal.isRenewal = true
        let listener = renewal
        return Response(
            status: .ok,
            headers: fields,
            body: .init { writer in
                // Count here, because a connection that ends before its answer begins never gets this far.
                followers.count.wrappingAdd(1, ordering: .relaxed)
                defer { followers.count.wrappingSubtract(1, ordering: .relaxed) }
                var sent: UInt64?
                var lastWrite = ContinuousClock.now
                while !Task.isCancelled, site.mayFollow(listener) {
                    store.noteLook()
                    let revision = await store.revision(after: sent, within: Self.checkInterval)
                    if revision != sent {
                        try await writer.write(ByteBuffer(string: "data: \(revision)\n\n"))
                        (sent, lastWrite) = (revision, .now)
                        try await Task.sleep(for: Self.eventInterval)
                    } else if ContinuousClock.now - lastWrite > .seconds(15) {
                        // Writing shows whether the client is still connected.
                        try await writer.write(ByteBuffer(string: ": still here\n\n"))
                        lastWrite = .now
                    }
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
        var fields = Self.fields(ConsoleResponse.guards)
        fields[.contentType] = "text/plain; charset=utf-8"
        fields[.cacheControl] = "no-store"
        return Response(status: status, headers: fields, body: .init(byteBuffer: ByteBuffer(string: text + "\n")))
    }
}

/// The server as a service.
///
/// If the address is not available, the console ends.
struct ConsoleServerService: Service {
    let server: ConsoleServer

    func run() async throws {
        // A page that follows the data must not delay the end of the console.
        try await cancelWhenGracefulShutdown { try await server.run() }
    }
}
