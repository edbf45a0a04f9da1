internal import Foundation

/// The messages of the commands that open and close a school year.
enum YearAnnouncement {
    /// The message for an opened year.
    ///
    /// If the year was closed before, it is already live.
    static func opened(_ year: Int, wasClosed: Bool) -> String {
        guard wasClosed else {
            return
                "\(year) is open: `accountability submit FILE…` submits its rows, `accountability close-year \(year)` publishes its determinations"
        }
        return
            "\(year) was closed before, so it is live: rows that you submit now are corrections, and they revise the results at once; "
            + "you need not run `close-year` again"
    }

    /// The message for a year whose last stage is done.
    static func closed(_ year: Int, seconds: Double, hasDeterminations: Bool, wasOpened: Bool) -> String {
        if hasDeterminations { return "\(year) is complete after \(String(format: "%.1f", seconds)) s" }
        guard wasOpened else {
            return
                "\(year) was never opened, so it has no rows and nothing was published. `accountability open-year \(year)` opens it. Because it is "
                + "closed now, rows that you submit then are published at once"
        }
        return "\(year) is complete after \(String(format: "%.1f", seconds)) s; it has no determinations"
    }
}
