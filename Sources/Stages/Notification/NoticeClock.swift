import Foundation

/// The days that notices of due dates and comment periods go by.
///
/// A day counts as over when it is over everywhere on earth (UTC−12). So no one gets a notice of being late while it is
/// still that day for them, and no time zone must be configured.
struct NoticeClock {
    private static let dayLength: Int64 = 86_400_000
    private static let lastZone: Int64 = 12 * 3_600_000
    /// How old an event may be and still get a notice.
    ///
    /// It is less than the retention of the topic of notices, because that topic records which notices were published.
    static let memoryDays: Int64 = 365

    private let milliseconds: Int64

    /// The days at a moment, milliseconds since 1970.
    init(at milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The day that it still is somewhere: every day before it is over.
    var day: String { day(after: 0) }

    /// The day so many days from ``day``.
    func day(after days: Int64) -> String {
        String(SubmissionIdentifier.timestamp(milliseconds - Self.lastZone + days * Self.dayLength).prefix(10))
    }

    /// The earliest day whose events get a notice.
    var earliestDay: String { day(after: -Self.memoryDays) }

    /// Whether something recorded at a moment is too old for a notice; 0 is an unknown moment.
    func isForgotten(_ moment: Int64) -> Bool {
        moment > 0 && moment < milliseconds - Self.memoryDays * Self.dayLength
    }

    /// When a day begins everywhere, so many days later; 0 for text that is no day.
    static func start(of day: String, plus days: Int64 = 0) -> Int64 {
        guard let date = try? Date("\(day)T00:00:00Z", strategy: .iso8601) else { return 0 }
        return Int64(date.timeIntervalSince1970) * 1000 + lastZone + days * dayLength
    }
}
