import ArgumentParser
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Operating
import Streaming

/// The address on which a worker listens.
struct ListenAddress: Sendable, Hashable {
    let host: String
    let port: Int

    /// An address from `host:port`; nil from `none`.
    init?(_ text: String) throws {
        if text == "none" { return nil }
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port),
            colon != text.startIndex
        else { throw ValidationError("--listen takes host:port, such as 127.0.0.1:9100, or none") }
        host = String(text[..<colon].drop { $0 == "[" }.prefix { $0 != "]" })
        self.port = port
    }
}

/// The HTTP endpoints of a worker: `/health` says whether it is alive, `/ready` whether it is up to date, and
/// `/metrics` has its metrics for Prometheus.
///
/// They serve nothing else, and nothing of the worker's data.
struct Endpoints: Sendable {
    let metrics: WorkerMetrics
    let probe: BrokerProbe
    let address: ListenAddress
    let addressFile: String?
    let logger: Logger

    /// Serves until the task is cancelled.
    func run() async throws {
        let router = Router()
        let (metrics, probe) = (metrics, probe)
        router.get("health") { _, _ in
            Self.answer(
                metrics.isHealthy ? .ok : .internalServerError,
                metrics.isHealthy ? "healthy" : metrics.notReady ?? "failed"
            )
        }
        router.get("ready") { _, _ in
            // A worker is ready only while its brokers answer.
            let reason = if let reason = metrics.notReady { reason } else { await probe.failure() }
            return Self.answer(reason == nil ? .ok : .serviceUnavailable, reason ?? "ready")
        }
        router.get("metrics") { _, _ in
            Self.answer(
                .ok,
                metrics.prometheus() + PrometheusFactory.shared.text(),
                type: "text/plain; version=0.0.4; charset=utf-8"
            )
        }
        let channel = HTTPServerBuilder.http1(
            configuration: .init(
                idleTimeout: .seconds(10),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 4096,
                    maxHeaderListSize: 16384,
                    maxHeaderFieldCount: 64
                )
            )
        )
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let logger = logger
        let host = address.host
        let configuration = ApplicationConfiguration(
            address: .hostname(address.host, port: address.port),
            serverName: nil
        )
        let responder = router.buildResponder()
        try await AddressFile.keep(addressFile, logger: logger) { [quiet] listens in
            let application = Application(
                responder: responder,
                server: channel,
                configuration: configuration,
                onServerRunning: { channel in
                    guard let port = channel.localAddress?.port else { return }
                    logger.info("listening", metadata: ["address": "\(host):\(port)"])
                    listens("\(host):\(port)")
                },
                logger: quiet
            )
            try await application.run()
        }
    }

    private static func answer(
        _ status: HTTPResponse.Status,
        _ text: String,
        type: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type, .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: text.hasSuffix("\n") ? text : text + "\n"))
        )
    }
}
