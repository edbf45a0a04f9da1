internal import Foundation
internal import Kafka
internal import Messages
internal import Operating
internal import Streaming

/// How far a school year has come: what a command that opens or closes it has to know.
struct YearState {
    let connection: Connection
    let year: Int

    private struct Seen: Error {}

    /// Whether the year was closed before: its marker has passed at least one stage.
    func isClosed() throws -> Bool {
        try sees(Topics.progress) { record in
            guard let value = record.value, let marker = try? CompletionMarker.decode(value) else { return false }
            return marker.scope == "\(year)"
        }
    }

    /// Whether a determination of the year was published, or withdrawn.
    func hasDeterminations() throws -> Bool {
        let prefix = Array("\(year)/".utf8)
        return try sees(Topics.determinations) { record in
            guard let key = record.key, key.count > prefix.count else { return false }
            return prefix.indices.allSatisfy { key[$0] == prefix[$0] }
        }
    }

    /// Whether the year was ever opened.
    func wasOpened() throws -> Bool {
        let opening = Array("year/\(year)".utf8)
        return try sees(Topics.submissions) { record in
            guard let key = record.key, record.value != nil, key.count == opening.count else { return false }
            return opening.indices.allSatisfy { key[$0] == opening[$0] }
        }
    }

    /// Whether a topic has such a record; what is behind the first one is not read.
    private func sees(_ topic: TopicDefinition, _ isMeant: (borrowing Record) -> Bool) throws -> Bool {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        do {
            try reader.read(topic, markers: true) { record in
                if isMeant(record) { throw Seen() }
            }
            return false
        } catch is Seen {
            return true
        }
    }
}

/// What the commands that open and close a school year say.
enum YearAnnouncement {
    /// A year that was opened; closed before, it is live already.
    static func opened(_ year: Int, wasClosed: Bool) -> String {
        guard wasClosed else {
            return
                "\(year) is open: `accountability submit FILE…` takes its rows, `accountability close-year \(year)` publishes its determinations"
        }
        return
            "\(year) was closed before, so it is live: rows that are submitted now are corrections, and each revises what it changes at once; "
            + "`close-year` is not needed again"
    }

    /// A year whose last stage is done.
    static func closed(_ year: Int, seconds: Double, hasDeterminations: Bool, wasOpened: Bool) -> String {
        if hasDeterminations { return "\(year) is complete after \(String(format: "%.1f", seconds)) s" }
        guard wasOpened else {
            return
                "\(year) was never opened, so it has no rows and nothing was published of it; `accountability open-year \(year)` opens it, and as it is "
                + "closed now, what is submitted after that is published at once"
        }
        return "\(year) is complete after \(String(format: "%.1f", seconds)) s; it has no determinations"
    }
}
