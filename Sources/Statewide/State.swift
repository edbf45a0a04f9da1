import Messages

/// A school of the made-up state.
///
/// Years are counted from the year before the prior one: 0, 1 (the prior year) and 2 (the year of determination).
struct School {
    var code = ""
    var name = ""
    var district = 0
    /// The grades served in the year of determination; 0 is kindergarten, -1 pre-kindergarten.
    var grades: ClosedRange<Int>
    /// The grades served before, where they changed.
    var gradesBefore: ClosedRange<Int>?
    /// The years in which the school is open.
    var years = 0...2
    /// The school that has its students in the years in which it is not open.
    var substitute: Int?
    /// Effects on scores and on growth by year, on absence, in thousandths of a standard deviation.
    var quality: [3 of Int] = [0, 0, 0]
    var growth: [3 of Int] = [0, 0, 0]
    /// How much better growth in ELA is than in mathematics.
    var lean = 0
    var absence: [3 of Int] = [0, 0, 0]
    /// How many of a thousand tests are missed, by year.
    var missed: [3 of Int] = [8, 8, 8]
    /// A school for students who failed elsewhere: few graduate in four years.
    var isAlternative = false
    var title1 = false

    /// The grades served in a year.
    func grades(in year: Int) -> ClosedRange<Int> { year < 2 ? gradesBefore ?? grades : grades }

    /// Whether the school is open in a year and serves a grade.
    func serves(_ grade: Int, in year: Int) -> Bool { years.contains(year) && grades(in: year).contains(grade) }

    /// Whether it serves a tested grade.
    func isTested(in year: Int) -> Bool { !comparisonGroup(in: year).isEmpty }

    /// The wire name of the peers it is ranked among; empty without tested grades.
    func comparisonGroup(in year: Int) -> String {
        let grades = grades(in: year)
        return switch (grades.lowerBound <= 8 && grades.upperBound >= 3, grades.contains(10)) {
        case (true, true): "middle_high"
        case (true, false): "non_high"
        case (false, true): "high"
        case (false, false): ""
        }
    }

    /// The Department's short name for the kind of school.
    func type(in year: Int) -> String {
        let grades = grades(in: year)
        return switch (grades.lowerBound, grades.upperBound) {
        case (_, ...2): "EES"
        case (...4, ...6): "ES"
        case (...4, ...8): "ESMS"
        case (...4, _): "K-12"
        case (...8, ...8): "MS"
        case (...8, _): "MSHS"
        default: "HS"
        }
    }

    /// Grades as the layout has them.
    static func list(_ grades: ClosedRange<Int>) -> String {
        grades.map { $0 < 0 ? "PK" : $0 == 0 ? "K" : $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ",")
    }
}

/// A district: its schools answer to it.
struct District {
    var code: String
    var name: String
    var region: String
}

/// Schools that take their students from the same homes: a district with its charter schools, or a region.
struct Catchment {
    /// The size, in students of grades 1 to 12 of an ordinary state.
    var size: Int
    /// Students of low-income families, of a thousand.
    var poverty: Int
    /// English learners, in percent of an ordinary place of the same families.
    var learners: Int
    /// Cumulative shares of the races, of a thousand, in the order of ``Vocabulary/races``.
    var races: [Int]
    /// Schools in order of grades, the last of them by home.
    var levels: [Level] = []
    /// Schools one applies to: they take their share from everywhere in the catchment.
    var charters: [(school: Int, perMille: Int)] = []
    /// The effect on scores in thousandths of a standard deviation.
    var quality = 0

    /// The schools between two grades; homes are split among them.
    struct Level {
        var grades: ClosedRange<Int>
        var slots: [Slot] = []
        /// The upper ends of the slots among homes 0 ..< 65,536.
        var ends: [Int] = []

        /// A neighbourhood: one school for all grades, or one after the other.
        struct Slot {
            var weight: Int
            var schools: [(last: Int, school: Int)]
        }

        mutating func close() {
            let total = max(1, slots.reduce(0) { $0 + $1.weight })
            var sum = 0
            ends = slots.map { slot in
                sum += slot.weight
                return sum * 65_536 / total
            }
        }
    }

    /// The school of a student who lives at `home` (0 ..< 65,536); `lot` (0 ..< 1,000) decides about charter schools.
    func school(grade: Int, home: Int, lot: Int, year: Int, in state: State) -> Int {
        var sum = 0
        for charter in charters {
            sum += charter.perMille
            if lot < sum {
                if state.schools[charter.school].serves(grade, in: year) { return charter.school }
                break
            }
        }
        for level in levels where level.grades.contains(grade) {
            var low = 0
            var high = level.slots.count - 1
            while low < high {
                let middle = (low + high) / 2
                if home < level.ends[middle] { high = middle } else { low = middle + 1 }
            }
            for part in level.slots[low].schools where grade <= part.last {
                let school = state.schools[part.school]
                return school.years.contains(year) ? part.school : school.substitute ?? part.school
            }
        }
        return 0
    }

    /// Low income in the neighbourhood of a home: some are poorer than others.
    func poverty(home: Int, seed: UInt64, index: Int) -> Int {
        var random = Random(seed: seed, stream: 7, index: UInt64(index * 16 + home >> 12))
        return min(max(poverty + random.normal(90), 20), 940)
    }
}

/// The made-up state.
struct State {
    var schools: [School] = []
    var districts: [District] = []
    var catchments: [Catchment] = []
    /// Low income of a thousand by catchment and sixteenth of its homes.
    var neighbourhoods: [[Int]] = []

    /// The cumulative sizes of the catchments: students of a cohort are split along them.
    var ends: [Int] = []

    /// The catchment of a place among all homes, 0 ..< the last of ``ends``.
    func catchment(at place: Int) -> Int {
        ends.firstIndex { place < $0 } ?? ends.count - 1
    }
}
