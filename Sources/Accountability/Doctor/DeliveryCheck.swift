internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Stages

/// Checks deliveries of notices: dead ones, and those that have waited for long.
struct DeliveryCheck {
    let connection: Connection
    let now: Date

    /// After how many seconds a delivery should have arrived or died.
    static let patience: TimeInterval = 3600

    init(_ connection: Connection, now: Date) {
        self.connection = connection
        self.now = now
    }

    func findings() -> [Finding] {
        let place = connection.pipeline.name(Topics.deliveries)
        do {
            return Self.findings(try DeliveriesCommand.entries(connection).map(\.delivery), place: place, now: now)
        } catch {
            return [
                .warning(
                    "deliveries",
                    place,
                    "they cannot be read (\(error))",
                    "the user of the client needs the right to read the topic"
                )
            ]
        }
    }

    static func findings(_ deliveries: [Accountability_V1_Delivery], place: String, now: Date) -> [Finding] {
        let dead = deliveries.filter { $0.state == DeliveryState.dead.rawValue }
        let limit = Int64((now.timeIntervalSince1970 - patience) * 1000)
        let late = deliveries.filter {
            ($0.state == DeliveryState.waiting.rawValue || $0.state == DeliveryState.requeued.rawValue)
                && max($0.updatedUnixMilliseconds, $0.nextUnixMilliseconds) < limit
        }
        var findings: [Finding] = []
        if let first = dead.first {
            findings.append(
                .problem(
                    "deliveries",
                    place,
                    "\(dead.count) notice\(dead.count == 1 ? " was" : "s were") not delivered and will not be retried, such as one by \(first.channel)",
                    "`accountability deliveries --dead` lists them with their errors; `accountability deliveries --all` retries them"
                )
            )
        }
        if !late.isEmpty {
            findings.append(
                .problem(
                    "deliveries",
                    place,
                    "\(late.count) notices are more than an hour late",
                    "no notification-worker delivers: `accountability up -- OPTIONS` names the channels (`notification-worker --help`)"
                )
            )
        }
        return findings.isEmpty ? [.ok("deliveries", place, "none is dead, none is late")] : findings
    }
}
