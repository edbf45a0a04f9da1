/// The frameworks that a computation uses: those that are built in, with drafts in the place of some.
///
/// A draft holds for its own school years and for no other: 603 CMR 2.03(10) lets a changed framework be computed
/// before it is approved.
public struct FrameworkSet: Sendable {
    /// The frameworks that are built in.
    public static let builtIn = FrameworkSet(drafts: [])

    private let drafts: [Framework]

    /// The built-in frameworks, with these in the place of those of their school years.
    ///
    /// A later one goes before an earlier one.
    public init(drafts: [Framework]) {
        self.drafts = drafts.reversed()
    }

    /// The framework of a school year, by its spring.
    ///
    /// - Throws: ``FrameworkError`` of the code `noFramework` for a year without one.
    public func of(schoolYear: Int) throws(FrameworkError) -> Framework {
        if let draft = drafts.first(where: { $0.schoolYears.contains(schoolYear) }) { return draft }
        return try Framework.of(schoolYear: schoolYear)
    }

    /// The framework of a school year, or nil where none covers it.
    ///
    /// - Throws: ``FrameworkError`` where the built-in ones cannot be read.
    public func ifCovered(schoolYear: Int) throws(FrameworkError) -> Framework? {
        if let draft = drafts.first(where: { $0.schoolYears.contains(schoolYear) }) { return draft }
        return try Framework.ifCovered(schoolYear: schoolYear)
    }

    /// The framework that says what records of a school year can be: a draft of that year, otherwise as
    /// ``Framework/records(schoolYear:)``.
    ///
    /// - Throws: ``FrameworkError`` where there is none.
    public func records(schoolYear: Int) throws(FrameworkError) -> Framework {
        if let draft = drafts.first(where: { $0.schoolYears.contains(schoolYear) }) { return draft }
        return try Framework.records(schoolYear: schoolYear)
    }

    /// Every school year that has a framework.
    public func schoolYears() throws(FrameworkError) -> Set<Int> {
        var years: Set<Int> = []
        for framework in try Framework.all() + drafts { years.formUnion(framework.schoolYears) }
        return years
    }
}
