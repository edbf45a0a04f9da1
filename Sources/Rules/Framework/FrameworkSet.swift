/// The frameworks that a computation uses: those that are built in, with drafts in the place of some.
///
/// A draft holds for its own school years and for no other: 603 CMR 2.03(10) lets a changed framework be computed
/// before it is approved.
public struct FrameworkSet: Sendable {
    /// The frameworks that are built in.
    public static let builtIn = FrameworkSet(drafts: [])

    private let drafts: [Framework]
    /// Those that hold for one school year, whatever years they name.
    private let single: [Int: Framework]

    /// Identifies the documents on record among them; nil if there are none.
    ///
    /// Computations under sets of another identity can differ although their records are the same.
    public let identity: UInt64?

    /// The built-in frameworks, with these in the place of those of their school years.
    ///
    /// A later one goes before an earlier one.
    public init(drafts: [Framework]) {
        self.init(drafts: drafts.reversed(), single: [:], identity: nil)
    }

    private init(drafts: [Framework], single: [Int: Framework], identity: UInt64?) {
        self.drafts = drafts
        self.single = single
        self.identity = identity
    }

    /// The same frameworks, with documents on record in the place of those of their school years.
    ///
    /// - Parameters:
    ///   - documents: the framework of each school year.
    ///   - identity: identifies the documents.
    /// - Returns: the set with the documents.
    public func with(onRecord documents: [Int: Framework], identity: UInt64) -> FrameworkSet {
        FrameworkSet(drafts: drafts, single: single.merging(documents) { $1 }, identity: identity)
    }

    /// The same frameworks, with a draft in the place of those of its school years.
    public func with(draft: Framework) -> FrameworkSet {
        FrameworkSet(
            drafts: [draft] + drafts,
            single: single.filter { !draft.schoolYears.contains($0.key) },
            identity: identity
        )
    }

    /// The draft of a school year; nil where there is none.
    private func draft(_ schoolYear: Int) -> Framework? {
        single[schoolYear] ?? drafts.first { $0.schoolYears.contains(schoolYear) }
    }

    /// The same frameworks with another one in the place of that of one school year, whatever years it names.
    public func with(_ other: Framework, in year: Int) -> FrameworkSet {
        FrameworkSet(drafts: drafts, single: single.merging([year: other]) { $1 }, identity: identity)
    }

    /// The framework of a school year, by its spring.
    ///
    /// - Throws: ``FrameworkError`` of the code `noFramework` for a year without one.
    public func of(schoolYear: Int) throws(FrameworkError) -> Framework {
        if let draft = draft(schoolYear) { return draft }
        return try Framework.of(schoolYear: schoolYear)
    }

    /// The framework of a school year, or nil where none covers it.
    ///
    /// - Throws: ``FrameworkError`` where the built-in ones cannot be read.
    public func ifCovered(schoolYear: Int) throws(FrameworkError) -> Framework? {
        if let draft = draft(schoolYear) { return draft }
        return try Framework.ifCovered(schoolYear: schoolYear)
    }

    /// The framework that says what records of a school year can be: a draft of that year, otherwise as
    /// ``Framework/records(schoolYear:)``.
    ///
    /// - Throws: ``FrameworkError`` where there is none.
    public func records(schoolYear: Int) throws(FrameworkError) -> Framework {
        if let draft = draft(schoolYear) { return draft }
        return try Framework.records(schoolYear: schoolYear)
    }

    /// Every school year that has a framework.
    public func schoolYears() throws(FrameworkError) -> Set<Int> {
        var years: Set<Int> = []
        for framework in try Framework.all() + drafts { years.formUnion(framework.schoolYears) }
        return years.union(single.keys)
    }
}
