internal import Foundation

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
