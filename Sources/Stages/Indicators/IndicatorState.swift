internal import Messages
internal import Rules
internal import Streaming

/// A task's state of an organization's indicators in a year.
struct IndicatorState {
    /// The organization as it was declared.
    var organization: Accountability_V1_Organization?
    /// The organization's own student records; a district's schools keep theirs.
    var results: ContiguousArray<ResultContribution> = []
    var attendance: ContiguousArray<AttendanceContribution> = []
    var outcomes: ContiguousArray<OutcomeContribution> = []
    /// Student records of the organization and, for a district, of its schools.
    ///
    /// They shadow supplied values.
    var resultCount = 0
    var attendanceCount = 0
    /// By the place of the indicator among ``StudentSource/outcomes``.
    var outcomeCounts = [Int](repeating: 0, count: StudentSource.outcomes.count)
    /// The other organizations of a district.
    var schools: [Int32] = []
    /// Values computed elsewhere, and targets, in no order.
    private(set) var supplied: [SuppliedIndicator] = []
    private(set) var targets: [SetTarget] = []

    /// Student records of a source.
    func count(_ source: StudentSource) -> Int {
        switch source {
        case .tests: resultCount
        case .attendance: attendanceCount
        case .outcome(let indicator): StudentSource.outcomes.firstIndex(of: indicator).map { outcomeCounts[$0] } ?? 0
        }
    }

    /// Whether there are student records at all.
    var hasStudents: Bool { resultCount > 0 || attendanceCount > 0 || outcomeCounts.contains { $0 > 0 } }

    /// Whether student records shadow a supplied value of an indicator.
    func shadows(_ indicator: Indicator) -> Bool {
        StudentSource(of: indicator).map { count($0) > 0 } ?? false
    }

    mutating func add(_ value: SuppliedIndicator) { supplied.append(value) }
    mutating func add(_ target: SetTarget) { targets.append(target) }

    /// Removes a supplied value.
    ///
    /// Returns what was removed.
    mutating func removeSupplied(_ record: Digest) -> SuppliedIndicator? {
        guard let index = supplied.firstIndex(where: { $0.record == record }) else { return nil }
        return supplied.removeSwapping(at: index).removed
    }

    mutating func removeTarget(_ record: Digest) {
        guard let index = targets.firstIndex(where: { $0.record == record }) else { return }
        _ = targets.removeSwapping(at: index)
    }
}

/// A value computed elsewhere.
struct SuppliedIndicator {
    /// The record that brought it.
    let record: Digest
    let cell: IndicatorCell
    let comparisonGroup: ComparisonGroup?
    /// Exact decimal.
    let value: String
    let count: UInt32?
    let schoolType: SchoolType?
    /// Of the organization; nil unless both spans came with the value.
    let enrollment: SpanEnrollment?
    /// For EL progress: the difficulty quartile of the targets, 1 to 4; 0 if unknown.
    let difficultyQuartile: UInt32
    let row: SubmittedLine

    init(_ supplied: Accountability_V1_SuppliedValue, record: Digest, row: SubmittedLine) throws {
        self.record = record
        self.row = row
        cell = try IndicatorCell(span: supplied.gradeSpan, group: supplied.group, indicator: supplied.indicator)
        comparisonGroup = ComparisonGroup(wireName: supplied.comparisonGroup)
        value = supplied.value
        count = supplied.hasCount ? supplied.count : nil
        schoolType = SchoolType(name: supplied.schoolType)
        enrollment =
            supplied.hasNonHighEnrollment && supplied.hasHighEnrollment
            ? SpanEnrollment(nonHigh: supplied.nonHighEnrollment, high: supplied.highEnrollment) : nil
        difficultyQuartile = supplied.difficultyQuartile
    }
}

/// The enrolment by which the spans of an organization are combined.
struct SpanEnrollment: Equatable {
    /// Grades 1 to 8.
    let nonHigh: UInt32
    /// Grades 9 to 12.
    let high: UInt32
}

/// A target the Department set.
struct SetTarget {
    /// The record that brought it.
    let record: Digest
    let cell: IndicatorCell
    /// Exact decimals; empty when not set.
    let baseline: String
    let target: String
    /// Its path; empty if there is only one.
    let path: String

    init(_ target: Accountability_V1_Target, record: Digest) throws {
        self.record = record
        cell = try IndicatorCell(span: target.gradeSpan, group: target.group, indicator: target.indicator)
        baseline = target.baseline
        self.target = target.target
        path = target.path
    }
}
