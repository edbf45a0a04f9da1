internal import Rules

/// The frameworks of the school years that a task has seen, with the values that the stage derives from each.
///
/// Each is looked up once.
struct FrameworkTable<Derived> {
    private var years: [UInt16: Derived?] = [:]
    private var newest: (year: UInt16, derived: Derived?)?
    private let frameworks: FrameworkSet
    private let derive: (Framework) -> Derived?

    init(_ frameworks: FrameworkSet, _ derive: @escaping (Framework) -> Derived?) {
        self.frameworks = frameworks
        self.derive = derive
    }

    /// The values derived from a year's framework; nil if no framework covers the year, or if it lacks the measure.
    mutating func of(_ year: UInt16) throws(FrameworkError) -> Derived? {
        // Records come by year, so the last one is nearly always asked for again.
        if let newest, newest.year == year { return newest.derived }
        let derived: Derived?
        if let known = years[year] {
            derived = known
        } else {
            derived = try frameworks.ifCovered(schoolYear: Int(year)).flatMap(derive)
            years[year] = .some(derived)
        }
        newest = (year, derived)
        return derived
    }
}
