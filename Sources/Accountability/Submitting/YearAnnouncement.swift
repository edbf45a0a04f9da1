internal import Foundation
internal import Rules

/// What a framework makes of a school year.
enum YearOutlook {
    /// Determinations.
    case determinations
    /// Only figures: the framework issues no determinations, as in 2022, or has no rules for them, as up to 2017.
    case figures
    /// Nothing: no framework covers the year. So it is with 2020, 2021 and years to come.
    case nothing

    /// What is made of a year that has this framework.
    init(_ framework: Framework?) {
        guard let framework else {
            self = .nothing
            return
        }
        self = framework.determination?.issued.value == true ? .determinations : .figures
    }

    /// Why a year has no determinations; nil if its framework makes them.
    var reason: String? {
        switch self {
        case .determinations: nil
        case .figures: "its framework issues none"
        case .nothing: "no framework covers it"
        }
    }
}

/// The messages of the commands that open and close a school year.
enum YearAnnouncement {
    /// The message for an opened year.
    ///
    /// If the year was closed before, it is already live.
    static func opened(_ year: Int, wasClosed: Bool, _ outlook: YearOutlook) -> String {
        guard wasClosed else {
            let submits = "\(year) is open: `accountability submit FILE…` submits its rows"
            return switch outlook {
            case .determinations: "\(submits), `accountability close-year \(year)` publishes its determinations"
            case .figures:
                "\(submits), `accountability close-year \(year)` publishes its figures; it has no determinations, because its framework issues none"
            case .nothing:
                "\(submits). It has no determinations, because no framework covers it; later years can look back on its rows. "
                    + "`accountability framework propose FILE` puts a framework on record"
            }
        }
        return
            "\(year) was closed before, so it is live: rows that you submit now are corrections, and they revise the results at once; "
            + "you need not run `close-year` again"
    }

    /// The message for a year whose last stage is done.
    static func closed(
        _ year: Int,
        seconds: Double,
        hasDeterminations: Bool,
        wasOpened: Bool,
        _ outlook: YearOutlook
    ) -> String {
        if hasDeterminations { return "\(year) is complete after \(String(format: "%.1f", seconds)) s" }
        guard wasOpened else {
            return
                "\(year) was never opened, so it has no rows and nothing was published. `accountability open-year \(year)` opens it. Because it is "
                + "closed now, rows that you submit then are published at once"
        }
        return "\(year) is complete after \(String(format: "%.1f", seconds)) s; it has no determinations"
            + (outlook.reason.map { ", because \($0)" } ?? "")
    }
}
