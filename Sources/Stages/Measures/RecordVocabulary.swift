package import Messages
package import Rules
internal import Streaming
internal import SwiftProtobuf

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

extension RecordBlock {
    /// The organization and year that a row is of.
    ///
    /// - Throws: ``UnusableRecord`` where they are not a code and a year.
    func organizationYear(_ row: Int) throws -> OrganizationYear {
        guard let year = UInt16(exactly: schoolYear), year > 0,
            let code = OrganizationCode(rawValue: organization(row))
        else { throw UnusableRecord("a record without school year or organization") }
        return OrganizationYear(year: year, code: code)
    }

    /// The name of a row's key; see ``RowKey/digest(of:)``.
    func name(_ row: Int) -> Digest {
        guard isAboutStudents else {
            let key = Array("\(schoolYear)/\(layout.wireName)/\(keys[row])".utf8)
            return Digest(key.span)
        }
        let cohort = layout == .graduationCohort ? Int(value(.cohortYear, row)) : nil
        return Digest(
            value: RowKey(student: students[row], layout: layout, year: schoolYear, cohort: cohort).value
        )
    }

    /// Reads a record that holds a block.
    ///
    /// - `wanted`: whether rows of a layout are wanted; those of others are passed over.
    /// - Throws: ``UnusableRecord`` for bytes that are none.
    mutating func take(_ value: Span<UInt8>, where wanted: (Layout) -> Bool) throws {
        do throws(BlockFault) {
            try read(record: value, where: wanted)
        } catch {
            throw UnusableRecord("not a block of records: \(error)", code: .notDecodable)
        }
    }
}

extension InputRecord {
    /// A block in the way another's encoder writes it, which puts something before it, as it is written here; nil of a
    /// record that is no block.
    func foreignBlock() throws -> [UInt8]? {
        guard value != nil, case .block(let block) = try message(Accountability_V1_Record.self).content else {
            return nil
        }
        var plain = Accountability_V1_Record()
        plain.block = block
        return try plain.serializedBytes()
    }
}

extension TestStatus {
    /// The status of a number that a record carries.
    init(recorded number: UInt32) {
        self.init(recorded: Accountability_V1_TestStatus(rawValue: Int(number)) ?? .notRequired)
    }

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
    /// If the column is blank, the declared grades decide, and never the grades of students. For districts only the
    /// column counts.
    var declaredComparison: ComparisonGroup? {
        ComparisonGroup(wireName: comparisonGroup)
            ?? (type == .school ? GradesServed(gradesServed)?.comparisonGroup : nil)
    }

    /// The spans that a school or district declares by its comparison group, or else by its grades; empty if it
    /// declares only grades without tests; nil if it declares neither.
    package var declaredSpans: [GradeSpan]? {
        ComparisonGroup(wireName: comparisonGroup)?.spans ?? GradesServed(gradesServed)?.spans
    }
}
