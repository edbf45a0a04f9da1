import Foundation
package import Messages
import SwiftProtobuf

/// The signed message for a notice: a CloudEvent in structured mode.
package enum WebhookMessage {
    /// The media type of the body.
    package static let contentType = "application/cloudevents+json; charset=utf-8"

    private struct Envelope: Encodable {
        let datacontenttype = "application/json"
        let id: String
        let source: String
        let specversion = "1.0"
        let subject: String
        let time: String
        let type: String
    }

    /// The body, the same bytes for every attempt.
    ///
    /// - `source`: the `source` of the event, as in the topic.
    /// - `published`: when the notice was published.
    package static func body(of notice: Accountability_V1_Notice, source: String, published: Int64) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let envelope = Envelope(
            id: notice.id,
            source: source,
            subject: notice.id,
            time: SubmissionIdentifier.timestamp(published),
            type: Topics.notices.eventType
        )
        var options = JSONEncodingOptions()
        options.preserveProtoFieldNames = true
        options.useDeterministicOrdering = true
        let data = try notice.jsonString(options: options)
        return try Array("{\"data\":\(data),".utf8) + encoder.encode(envelope).dropFirst()
    }

    /// The headers of an attempt.
    ///
    /// - `timestamp`: the time of the attempt, in seconds. A receiver refuses messages older than its replay window.
    package static func headers(
        of notice: Accountability_V1_Notice,
        body: [UInt8],
        secret: WebhookSecret,
        timestamp: Int64
    ) -> [(
        name: String, value: String
    )] {
        [
            ("Content-Type", contentType),
            ("Idempotency-Key", notice.id),
            ("X-Accountability-Event", notice.event),
            ("X-Accountability-Timestamp", String(timestamp)),
            ("X-Accountability-Signature", "sha256=\(secret.signature(timestamp: timestamp, body: body))"),
            ("User-Agent", "accountability-notices/1"),
        ]
    }

    /// The meaning of an answer: delivered, retry later, or give up.
    ///
    /// - `retryAfter`: the header, in seconds or as a date.
    package static func outcome(status: Int, retryAfter: String?, now: Int64) -> DeliveryOutcome {
        switch status {
        case 200..<300: .delivered
        case 408, 425, 429, 500...599:
            .failed("the endpoint answered \(status)", retryAfter: retryAfter.flatMap { wait($0, now: now) })
        case 300..<400: .refused("the endpoint answered \(status); redirects are not followed")
        default: .refused("the endpoint answered \(status)")
        }
    }

    private static func wait(_ text: String, now: Int64) -> Int64? {
        let text = text.trimmingCharacters(in: .whitespaces)
        if let seconds = Int64(text) { return seconds < 0 ? nil : min(seconds, 86_400) * 1000 }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        guard let date = formatter.date(from: text) else { return nil }
        let seconds = min(max(date.timeIntervalSince1970 - Double(now) / 1000, 0), 86_400)
        return Int64(seconds * 1000)
    }
}
