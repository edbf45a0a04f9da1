/// The scales of the tests and what is made of their scores, by year; 0 is the year before the prior one.
struct Scale {
    /// The spring of the year of determination.
    let year: Int

    /// Science was tested on the legacy scale through 2018, in high school through 2019.
    func scienceIsLegacy(grade: Int, year: Int) -> Bool {
        self.year - 2 + year <= (grade >= 9 ? 2019 : 2018)
    }

    /// Through 2019 science is measured by index points, in high schools every subject.
    func isIndexed(_ measure: Measure, high: Bool, year: Int) -> Bool {
        guard self.year - 2 + year <= 2019 else { return false }
        return measure == .science || high && (measure == .ela || measure == .math)
    }

    /// A science score from a level in thousandths of a standard deviation; legacy ones are even numbers from 200 to
    /// 280.
    func science(_ level: Int, grade: Int, year: Int) -> Int {
        guard scienceIsLegacy(grade: grade, year: year) else { return StudentYear.composite(level) }
        // The legacy test of grade 8 was the harder one.
        let level = grade == 8 ? level - 318 : level
        return min(max(240 + level * 15 / 1000 / 2 * 2, 200), 280)
    }

    /// Scores from which on a student has 25, 50, 75 and 100 index points.
    private static let legacy = [210, 220, 230, 240]
    private static let ela = [448, 455, 464, 472]
    private static let math = [455, 469, 478, 486]
    private static let science = [455, 470, 485, 500]
    private static let scienceOfGrade8 = [462, 477, 492, 507]

    /// What a score adds to an achievement value: itself, or its index points.
    func value(_ measure: Measure, _ score: Int, grade: Int, year: Int) -> Int {
        guard isIndexed(measure, high: grade >= 9, year: year) else { return score }
        let steps =
            switch measure {
            case .ela: Scale.ela
            case .math: Scale.math
            default: score <= 280 ? Scale.legacy : grade == 8 ? Scale.scienceOfGrade8 : Scale.science
            }
        return steps.reduce(0) { $0 + (score >= $1 ? 25 : 0) }
    }
}
