import Rules

/// The frameworks of the school years a task has met.
final class YearFrameworks {
    private let frameworks: FrameworkSet
    private var byYear: [Int: Framework?] = [:]

    init(_ frameworks: FrameworkSet) {
        self.frameworks = frameworks
    }

    /// The framework of a school year; nil for a year without one, such as 2020.
    subscript(year: Int) -> Framework? {
        get throws(FrameworkError) {
            if let known = byYear[year] { return known }
            let framework = try frameworks.ifCovered(schoolYear: year)
            byYear[year] = .some(framework)
            return framework
        }
    }
}
