/// Tests of the whole state, counted as the Department publishes them: by year, group and subject.
struct TestCounts {
    /// One line of `participation_counts`.
    struct Line {
        var enrolled = 0
        var standard = 0
        var alternate = 0
        var absent = 0
        var medical = 0
        var firstYear = 0
        var afterOctober = 0
        var learnersNotTested = 0
    }

    /// The subjects in the order of the lines.
    static let subjects = ["ELA", "Math", "STE"]

    private var lines = [Line](repeating: Line(), count: 2 * Tally.groups * TestCounts.subjects.count)

    /// The line of a year (0 or 1), a group and a subject.
    subscript(year: Int, group: Int, subject: Int) -> Line {
        get { lines[(year * Tally.groups + group) * TestCounts.subjects.count + subject] }
        set { lines[(year * Tally.groups + group) * TestCounts.subjects.count + subject] = newValue }
    }

    /// Counts a student's tests of a year.
    mutating func add(_ result: StudentYear, year: Int, groups: UInt16) {
        for (subject, test) in [result.ela, result.math, result.science].enumerated() where test.status != .notRequired
        {
            for group in 0..<Tally.groups where groups & (1 << UInt16(group)) != 0 {
                self[year, group, subject].enrolled += 1
                switch test.status {
                case .tested:
                    if result.sinceOctober {
                        self[year, group, subject].standard += 1
                    } else {
                        self[year, group, subject].afterOctober += 1
                    }
                case .alternate:
                    if result.sinceOctober {
                        self[year, group, subject].alternate += 1
                    } else {
                        self[year, group, subject].afterOctober += 1
                    }
                case .absent: self[year, group, subject].absent += 1
                case .medical: self[year, group, subject].medical += 1
                case .exempt: self[year, group, subject].firstYear += 1
                case .withoutLanguageTest: self[year, group, subject].learnersNotTested += 1
                case .notRequired: break
                }
            }
        }
    }
}
