internal import Messages
internal import Rules
internal import Streaming

extension Accountability_V1_Record {
    /// The organization and year the fact is of.
    ///
    /// - Throws: ``UnusableRecord`` where they are not a code and a year.
    func organizationYear() throws -> OrganizationYear {
        guard let year = UInt16(exactly: schoolYear), year > 0, let code = OrganizationCode(utf8: orgCode.utf8Span.span)
        else {
            throw UnusableRecord("a record without school year or organization")
        }
        return OrganizationYear(year: year, code: code)
    }
}

extension TestStatus {
    /// The status as a record carries it; a number that no status has is no test due.
    init(recorded status: Accountability_V1_TestStatus) {
        switch status {
        case .tested: self = .standard
        case .alternate: self = .alternate
        case .absent: self = .absent
        case .medical: self = .medical
        case .exemptFirstYear: self = .exemptFirstYear
        case .noElTest: self = .notTakingEnglishTest
        case .notRequired, .UNRECOGNIZED: self = .notRequired
        }
    }
}

extension StudentGroupSet {
    /// A student's groups as a record carries them.
    ///
    /// The lowest performing group is chosen by organization, never taken from a record.
    init(recorded bits: UInt32) {
        self = StudentGroupSet(rawValue: UInt16(truncatingIfNeeded: bits))
            .subtracting(StudentGroupSet(.lowestPerforming))
    }

    /// Calls a function with the number of every group of the set, lowest first, without making an array.
    func forEachIndex(_ body: (Int) -> Void) {
        var bits = rawValue
        while bits != 0 {
            body(bits.trailingZeroBitCount)
            bits &= bits - 1
        }
    }
}

extension OrganizationType {
    /// The type as messages carry it.
    var message: Accountability_V1_OrganizationType {
        switch self {
        case .state: .state
        case .district: .district
        case .school: .school
        }
    }
}

extension Accountability_V1_Organization {
    /// The schools a school is declared to be compared with.
    ///
    /// Where the column is blank, the declared grades decide, and never the grades of students. Of districts the column
    /// alone.
    var declaredComparison: ComparisonGroup? {
        ComparisonGroup(wireName: comparisonGroup)
            ?? (type == .school ? GradesServed(gradesServed)?.comparisonGroup : nil)
    }

    /// The spans that an organization is declared to have, a district too; nil where nothing says so.
    var declaredSpans: [GradeSpan]? {
        (ComparisonGroup(wireName: comparisonGroup) ?? GradesServed(gradesServed)?.comparisonGroup)?.spans
    }
}
