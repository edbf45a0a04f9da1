package import Foundation

/// The time, as the console reads it; a test passes in its own.
package struct ConsoleClock: Sendable {
    /// For what lasts some time, such as a session.
    let moment: @Sendable () -> Sessions.Moment
    /// For what others date, such as a token.
    let date: @Sendable () -> Date

    package init(moment: @escaping @Sendable () -> Sessions.Moment, date: @escaping @Sendable () -> Date) {
        self.moment = moment
        self.date = date
    }

    /// The time of this machine.
    package static let machine = ConsoleClock(moment: { .now }, date: { Date() })
}
