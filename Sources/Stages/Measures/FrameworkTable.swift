internal import Rules

/// The frameworks of the school years a task has met, each looked up once, with what a stage derives from one.
struct FrameworkTable<Derived> {
    private var years: [UInt16: Derived?] = [:]
    private var newest: (year: UInt16, derived: Derived?)?
    private let frameworks: FrameworkSet
    private let derive: (Framework) -> Derived?

    init(_ frameworks: FrameworkSet, _ derive: @escaping (Framework) -> Derived?) {
        self.frameworks = frameworks
        self.derive = derive
    }

    /// What the stage derives from the framework of a year; nil where no framework covers the year, or where it does
    /// not hold the measure.
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
