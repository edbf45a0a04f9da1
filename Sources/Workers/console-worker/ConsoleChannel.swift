import Console
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// A connection that also answers requests that cannot be read, as the console answers any other problem.
///
/// Hummingbird answers them with the status 400 and nothing else.
struct ConsoleChannel: ServerChildChannel {
    let http: HTTP1Channel

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        http.setup(channel: channel, logger: logger)
            .flatMapThrowing { value in
                let pipeline = channel.pipeline.syncOperations
                let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
                try pipeline.addHandler(UnreadableRequests(), position: .after(decoder))
                return value
            }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async { await http.handle(value: value, logger: logger) }
}

/// Answers a request that the decoder refuses.
final class UnreadableRequests: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// The number of requests that were read and are not answered yet.
    private var unanswered = 0
    private var isDone = false

    /// How long a client may take to read the answer.
    private static let patience = TimeAmount.seconds(2)

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) { unanswered += 1 }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unanswered -= 1 }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What follows a request that could not be read is not read either.
        guard !isDone else { return }
        // An answer in between would be read as the answer to the request before.
        guard let error = error as? HTTPParserError, unanswered == 0 else { return context.fireErrorCaught(error) }
        isDone = true
        let answer = ConsoleResponse.unreadable(isTooLong: error == .headerOverflow)
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status))
        for header in answer.headers { head.headers.add(name: header.name, value: header.value) }
        head.headers.add(name: "Content-Length", value: "\(answer.body.count)")
        head.headers.add(name: "Connection", value: "close")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        // If the connection ended at once, the client might lose the answer while it still sends.
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    }
}
