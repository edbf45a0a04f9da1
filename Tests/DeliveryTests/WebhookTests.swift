import ArgumentParser
import Foundation
import Messages
import NIOCore
import NIOHTTP1
import NIOPosix
import Neighbour
import Operating
import SwiftProtobuf
import Synchronization
import Testing
@testable import Stages
@testable import notification_worker

/// An endpoint on the loopback interface that answers as it is told and keeps what it was sent.
final class Endpoint: Sendable {
    struct Received: Sendable {
        let head: HTTPRequestHead
        let body: [UInt8]
    }

    enum Answer: Sendable {
        case status(Int, [(String, String)] = [])
        /// A body behind a status.
        case text(Int, String)
        /// A body of so many bytes behind 200.
        case endless(Int)
        /// Never a word.
        case silence
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private let answer: @Sendable (Received) -> Answer
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(_ answer: @escaping @Sendable (Received) -> Answer) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let new):
                head = new
                body = []
            case .body(let bytes): body += Array(bytes.readableBytesView)
            case .end:
                guard let head else { return }
                var headers = HTTPHeaders()
                var status = 200
                var content: [UInt8] = []
                switch answer(Received(head: head, body: body)) {
                case .silence: return
                case .text(let code, let text):
                    status = code
                    content = Array(text.utf8)
                case .endless(let length): content = Array(repeating: 120, count: length)
                case .status(let code, let more):
                    status = code
                    for (name, value) in more { headers.add(name: name, value: value) }
                }
                headers.add(name: "Content-Length", value: "\(content.count)")
                context.write(
                    wrapOutboundOut(
                        .head(.init(version: .http1_1, status: .init(statusCode: status), headers: headers))
                    ),
                    promise: nil
                )
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: content)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }

    let port: Int
    private let channel: any Channel
    private let log: LockedLog

    final class LockedLog: Sendable {
        private let entries = Mutex<[Received]>([])
        func append(_ entry: Received) -> Int {
            entries.withLock {
                $0.append(entry)
                return $0.count
            }
        }
        var all: [Received] { entries.withLock { $0 } }
    }

    init(_ answer: @escaping @Sendable (Int) -> Answer) async throws {
        let log = LockedLog()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler { answer(log.append($0)) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.log = log
        port = channel.localAddress?.port ?? 0
    }

    var received: [Received] { log.all }

    func close() async { try? await channel.close() }
}

@Suite(.timeLimit(.minutes(30))) struct WebhookTests {
    private static let secret = "0123456789abcdef0123456789abcdef"

    private func notice(_ id: String = "2019/00350012/1") -> Accountability_V1_Notice {
        .with {
            $0.id = id
            $0.schoolYear = 2019
            $0.orgCode = "00350012"
            $0.event = "determination_issued"
            $0.subject = "Größe / \"quoted\""
        }
    }

    private func client(
        _ url: String,
        allowPrivate: Bool = true,
        timeout: Int64 = 5,
        resolve: (@Sendable (String, Int) async throws -> String)? = nil
    ) throws -> WebhookClient {
        let endpoint = try WebhookEndpoint(url, allowPrivate: allowPrivate)
        let secret = try WebhookSecret(bytes: Array(Self.secret.utf8))
        guard let resolve else {
            return WebhookClient(
                endpoint: endpoint,
                secret: secret,
                timeoutSeconds: timeout,
                source: "/test/notification"
            )
        }
        return WebhookClient(
            endpoint: endpoint,
            secret: secret,
            timeoutSeconds: timeout,
            source: "/test/notification",
            resolve: resolve
        )
    }

    @Test func signsAsTheKnownVector() throws {
        let secret = try WebhookSecret(bytes: Array((Self.secret + "\n").utf8))
        // hmac.new(secret, b'1569931200.{"id":"2019/00350012/1"}', hashlib.sha256).hexdigest() of Python.
        #expect(
            secret.signature(timestamp: 1_569_931_200, body: Array(#"{"id":"2019/00350012/1"}"#.utf8))
                == "148c48cc710b3026205f478b3ac8d15746112e7423e74e1f4177fdcbc46b3016"
        )
        #expect(
            !"\(secret) \(String(reflecting: secret))".contains("0123") && Mirror(reflecting: secret).children.isEmpty
        )
        #expect(throws: WebhookSecret.Failure.self) { try WebhookSecret(bytes: Array("short".utf8)) }
    }

    /// The webhook is the Department's: it gets the notices of every stage, and each says who else may see it.
    @Test(arguments: [("computed", true), ("preliminary", false), ("official", false)])
    func getsWhatEachStageShows(_ stage: String, isForDepartment: Bool) async throws {
        let endpoint = try await Endpoint { _ in .status(200) }
        let determination: Accountability_V1_Determination = .with {
            ($0.schoolYear, $0.orgCode, $0.districtCode) = (2019, "00350012", "00350000")
            ($0.status, $0.revision, $0.classification) = (stage, 1, "requiring_assistance")
        }
        let notice = NoticeText.notice(of: determination)
        let outcome = try await client("http://127.0.0.1:\(endpoint.port)/notices").post(notice, published: 1)
        await endpoint.close()
        #expect(outcome == .delivered)
        let body = try #require(endpoint.received.first?.body)
        let event = try #require(JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
        let data = try #require(event["data"] as? [String: Any])
        #expect(data["status"] as? String == stage && data["classification"] as? String == "requiring_assistance")
        #expect(data["department_only"] as? Bool == (isForDepartment ? true : nil))
        #expect(data["recipients"] as? [String] == (isForDepartment ? nil : ["00350012", "00350000"]))
    }

    @Test func aSecretThatOthersCanReadIsRefused() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(
            FileManager.default.createFile(
                atPath: path,
                contents: Data(Self.secret.utf8),
                attributes: [.posixPermissions: 0o640]
            )
        )
        #expect(throws: WebhookSecret.Failure.self) { try WebhookSecret(contentsOf: path) }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        #expect(try WebhookSecret(contentsOf: path).signature(timestamp: 1, body: []).count == 64)
        #expect(throws: WebhookSecret.Failure.self) { try WebhookSecret(contentsOf: path + ".none") }
    }

    @Test(arguments: [
        "127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1", "::", "::1",
        "::ffff:8.8.8.8", "::ffff:127.0.0.1",
        "::ffff:7f00:1", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe",
        "2001::1", "2001:db8::1", "2002:7f00:1::1",
        "2002:a00:1::", "3fff::1", "100::1", "::127.0.0.1", "fec0::1",
    ])
    func refusesAddressesBesideThePublicInternet(text: String) throws {
        #expect(try #require(NetworkAddress(text)).isPublic == false)
    }

    @Test(arguments: [
        "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "1.1.1.1", "2606:4700::1111", "2001:4860:4860::8888",
        "64:ff9b::8.8.8.8", "2002:808:808::1",
    ])
    func allowsPublicOnes(text: String) throws {
        #expect(try #require(NetworkAddress(text)).isPublic)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "0x7f.0.0.1", "+1.2.3.4", ":::", "1::2::3", "12345::", "::g",
        "fe80::1%eth0", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
    ])
    func whatIsNoAddressIsNone(text: String) {
        #expect(NetworkAddress(text) == nil)
    }

    @Test(arguments: [
        "http://example.org/x", "https://127.0.0.1/x", "https://[::1]/x", "https://user:word@example.org/",
        "https://example.org/#part", "ftp://example.org/", "example.org",
        "https:///x", "",
    ])
    func refusesEndpoints(url: String) {
        #expect(throws: WebhookEndpoint.Refusal.self) { try WebhookEndpoint(url, allowPrivate: false) }
    }

    @Test func anEndpointDoesNotPrintItsPath() throws {
        #expect(
            "\(try WebhookEndpoint("https://example.org/token-1234?key=5678", allowPrivate: false))"
                == "https://example.org:443"
        )
    }

    @Test func postsASignedCloudEventThatAReceiverCanVerify() async throws {
        let server = try await Endpoint { _ in .status(204) }
        let client = try client("http://127.0.0.1:\(server.port)/notices?x=1")
        let begun = Int64(Date().timeIntervalSince1970)
        #expect(await client.post(notice(), published: 1_569_931_200_123) == .delivered)
        #expect(await client.post(notice(), published: 1_569_931_200_123) == .delivered)
        let ended = Int64(Date().timeIntervalSince1970)
        let received = server.received
        #expect(received.count == 2 && received[0].body == received[1].body, "the body is the same for every attempt")
        let headers = received[0].head.headers
        #expect(received[0].head.method == .POST && received[0].head.uri == "/notices?x=1")
        #expect(headers.first(name: "Idempotency-Key") == "2019/00350012/1")
        #expect(headers.first(name: "Content-Type") == WebhookMessage.contentType)
        let timestamp = try #require(headers.first(name: "X-Accountability-Timestamp").flatMap { Int64($0) })
        // However long the test itself waited for its turn.
        #expect((begun...max(begun, ended)).contains(timestamp))
        let secret = try WebhookSecret(bytes: Array(Self.secret.utf8))
        #expect(
            headers.first(name: "X-Accountability-Signature")
                == "sha256=\(secret.signature(timestamp: timestamp, body: received[0].body))"
        )
        let event = try #require(try JSONSerialization.jsonObject(with: Data(received[0].body)) as? [String: Any])
        #expect(event["id"] as? String == "2019/00350012/1" && event["specversion"] as? String == "1.0")
        #expect(
            event["source"] as? String == "/test/notification" && event["type"] as? String == "accountability.notice.v1"
        )
        #expect(event["time"] as? String == "2019-10-01T12:00:00.123Z")
        #expect((event["data"] as? [String: Any])?["subject"] as? String == notice().subject)
        await server.close()
    }

    @Test func tellsApartWhatIsTriedAgainAndWhatIsNot() async throws {
        let answers: [(Int, [(String, String)], DeliveryOutcome)] = [
            (500, [], .failed("the endpoint answered 500")),
            (503, [("Retry-After", "7")], .failed("the endpoint answered 503", retryAfter: 7000)),
            (
                429, [("Retry-After", "Tue, 01 Oct 2019 12:00:00 GMT")],
                .failed("the endpoint answered 429", retryAfter: 0)
            ),
            (429, [("Retry-After", "soon")], .failed("the endpoint answered 429")),
            (404, [], .refused("the endpoint answered 404")),
            (
                302, [("Location", "http://127.0.0.1:1/elsewhere")],
                .refused("the endpoint answered 302; redirects are not followed")
            ), (201, [], .delivered),
        ]
        let server = try await Endpoint { .status(answers[$0 - 1].0, answers[$0 - 1].1) }
        let client = try client("http://127.0.0.1:\(server.port)/")
        for (_, _, expected) in answers { #expect(await client.post(notice(), published: 1) == expected) }
        #expect(server.received.count == answers.count)
        await server.close()
        // One without a connection from before.
        let late = try self.client("http://127.0.0.1:\(server.port)/")
        guard case .failed = await late.post(notice(), published: 1) else {
            return #expect(Bool(false), "nobody listens there")
        }
    }

    @Test func anAnswerIsBoundedInSizeAndTime() async throws {
        let server = try await Endpoint { $0 == 1 ? .endless(50_000_000) : .silence }
        // Time enough for the beginning of an answer that never ends, however busy the machine is.
        let patient = try client("http://127.0.0.1:\(server.port)/", timeout: 60)
        #expect(await patient.post(notice(), published: 1) == .delivered)
        let client = try client("http://127.0.0.1:\(server.port)/", timeout: 1)
        let neighbour = Neighbour()
        guard case .failed = await client.post(notice(), published: 1) else {
            return #expect(Bool(false), "it said nothing")
        }
        #expect(neighbour.elapsed < .seconds(10))
        await server.close()
    }

    @Test func aNameIsResolvedForEachAttemptAndLeadsNowhereElse() async throws {
        let server = try await Endpoint { _ in .status(200) }
        let attempt = Mutex(0)
        // Public when it is looked at first, and the loopback interface afterwards.
        let rebinding = try client("https://rebinding.example:\(server.port)/", allowPrivate: false, timeout: 1) {
            _,
            _ in
            attempt.withLock {
                $0 += 1
                return $0 == 1 ? "203.0.113.1" : "127.0.0.1"
            }
        }
        for _ in 0..<2 {
            #expect(
                await rebinding.post(notice(), published: 1)
                    == .refused("rebinding.example resolves to an address outside the public internet")
            )
        }
        #expect(attempt.withLock { $0 } == 2 && server.received.isEmpty)
        // The connection goes to the address that was looked at, whatever the name means to the system.
        let pinned = try client("http://no-such-host.invalid:\(server.port)/") { _, _ in "127.0.0.1" }
        #expect(await pinned.post(notice(), published: 1) == .delivered)
        #expect(server.received.map { $0.head.headers.first(name: "Host") } == ["no-such-host.invalid:\(server.port)"])
        await server.close()
    }

    /// A URL may hold a token, and everybody on the machine can read a command line.
    @Test func theURLComesFromAFileOrTheEnvironmentToo() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "webhook-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        let content = Data("https://example.org/token-1234\n".utf8)
        func endpoint(_ arguments: [String], _ environment: [String: String] = [:]) throws -> String? {
            try DeliveryOptions.parse(arguments).endpoint(environment: environment)?.url
        }
        _ = FileManager.default.createFile(atPath: file, contents: content, attributes: [.posixPermissions: 0o644])
        #expect(throws: Failure.self, "others can read it") { try endpoint(["--webhook-file", file]) }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        #expect(try endpoint(["--webhook-file", file]) == "https://example.org/token-1234")
        let environment = ["ACCOUNTABILITY_WEBHOOK": "https://example.org/other"]
        #expect(try endpoint([], environment) == "https://example.org/other")
        #expect(try endpoint(["--webhook-file", file], environment) == "https://example.org/token-1234")
        #expect(try endpoint([]) == nil)
        #expect(throws: (any Error).self) {
            try endpoint(["--webhook", "https://example.org", "--webhook-file", file])
        }
        #expect(throws: Failure.self) { try endpoint([], ["ACCOUNTABILITY_WEBHOOK": "ftp://example.org"]) }
    }
}
