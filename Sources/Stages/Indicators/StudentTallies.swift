internal import Rules

/// The tallies of one organization and year, computed afresh from its students: by span, group and indicator.
struct StudentTallies {
    private var tallies: [IndicatorTally]
    /// Students of whom a test was due, by span, group and subject.
    private var due: [Int64]
    /// The difficulty quartiles of English learners whose progress counts, by span and group.
    private var difficulties: [IndicatorTally]

    /// Chronically absent students by span, group and each threshold of the framework after the first.
    private var absentees: [Int64]
    private let otherThresholds: Int

    private static let groups = StudentGroup.allCases.count
    private static let indicators = Indicator.allCases.count
    private static let subjects = Subject.allCases.count

    /// Counts the students of `parts`: the organization's own student records and, for a district, those of each of
    /// its schools.
    ///
    /// - `codes`: the codes of the year before whose students were the school's own.
    init(_ parts: [IndicatorState], isDistrict: Bool, codes: Set<UInt32>, year: IndicatorYear) throws {
        tallies = Array(repeating: .zero, count: GradeSpan.allCases.count * Self.groups * Self.indicators)
        due = Array(repeating: 0, count: GradeSpan.allCases.count * Self.groups * Self.subjects)
        difficulties = Array(repeating: .zero, count: GradeSpan.allCases.count * Self.groups)
        otherThresholds = year.parameters.chronicAbsenceThresholds.value.count - 1
        absentees = Array(repeating: 0, count: GradeSpan.allCases.count * Self.groups * otherThresholds)
        var candidates = [[LowestPerformingGroup.Candidate<UInt128>]](repeating: [], count: GradeSpan.allCases.count)
        for part in parts {
            for result in part.results {
                guard result.counts else { continue }
                add(result, to: result.groups)
                // A code of the year before is of the same district, and its students stayed in the school.
                let stayed = isDistrict || codes.contains(result.priorOrganization)
                let score = stayed ? result.districtScore : result.newcomerScore
                if score != ResultContribution.none {
                    candidates[Int(result.span.rawValue)].append(.init(id: result.student, score: Int64(score)))
                }
            }
            for attendance in part.attendance {
                if attendance.counts { add(attendance, to: attendance.groups) }
            }
            for outcome in part.outcomes { add(outcome) }
        }
        guard let lowest = year.framework.lowestPerforming else { return }
        let members = try candidates.map { Set(try LowestPerformingGroup.select($0, lowest)) }
        guard members.contains(where: { !$0.isEmpty }) else { return }
        let group = StudentGroupSet(.lowestPerforming)
        for part in parts {
            for result in part.results
            where result.counts && members[Int(result.span.rawValue)].contains(result.student) {
                add(result, to: group)
            }
            for attendance in part.attendance
            where attendance.counts && members[Int(attendance.span.rawValue)].contains(attendance.student) {
                add(attendance, to: group)
            }
        }
    }

    /// What was counted of an indicator.
    func tally(_ span: GradeSpan, _ group: StudentGroup, _ indicator: Indicator) -> IndicatorTally {
        tallies[Self.place(Self.row(span, Int(group.rawValue)), indicator)]
    }

    /// Students of whom a test of the subject was due, whether or not they have a result.
    func due(_ span: GradeSpan, _ group: StudentGroup, _ subject: Subject) -> Int64 {
        due[Self.row(span, Int(group.rawValue)) * Self.subjects + Int(subject.rawValue)]
    }

    /// The difficulty quartiles of the English learners, summed.
    func difficulty(_ span: GradeSpan, _ group: StudentGroup) -> IndicatorTally {
        difficulties[Self.row(span, Int(group.rawValue))]
    }

    /// Students who were chronically absent by a threshold of the framework after the first, which counts.
    func absentees(_ span: GradeSpan, _ group: StudentGroup, threshold: Int) -> Int64 {
        absentees[Self.row(span, Int(group.rawValue)) * otherThresholds + threshold - 1]
    }

    private static func row(_ span: GradeSpan, _ group: Int) -> Int {
        Int(span.rawValue) * groups + group
    }

    /// The place of an indicator's tally in a row.
    private static func place(_ row: Int, _ indicator: Indicator) -> Int {
        row * indicators + Int(indicator.rawValue)
    }

    private mutating func add(_ result: ResultContribution, to groups: StudentGroupSet) {
        groups.forEachIndex { group in
            let row = Self.row(result.span, group)
            let indicators = ResultContribution.indicators
            add(result.values.0, at: Self.place(row, indicators.0))
            add(result.values.1, at: Self.place(row, indicators.1))
            add(result.values.2, at: Self.place(row, indicators.2))
            add(result.values.3, at: Self.place(row, indicators.3))
            add(result.values.4, at: Self.place(row, indicators.4))
            for subject in 0..<Self.subjects where result.due & (1 << UInt8(subject)) != 0 {
                due[row * Self.subjects + subject] &+= 1
            }
        }
    }

    private mutating func add(_ value: UInt16, at index: Int) {
        guard value != ResultContribution.none else { return }
        tallies[index] += IndicatorTally(sum: Int64(value), count: 1)
    }

    private mutating func add(_ outcome: OutcomeContribution) {
        outcome.groups.forEachIndex { group in
            let row = Self.row(outcome.span, group)
            if outcome.difficulty > 0, !outcome.counted.isEmpty {
                difficulties[row] += IndicatorTally(sum: Int64(outcome.difficulty), count: 1)
            }
            outcome.counted.union(outcome.positive)
                .forEachIndex { index in
                    let place: UInt8 = 1 << UInt8(index)
                    tallies[Self.place(row, StudentSource.outcomes[index])] += IndicatorTally(
                        sum: outcome.positive.rawValue & place != 0 ? 1 : 0,
                        count: outcome.counted.rawValue & place != 0 ? 1 : 0
                    )
                }
        }
    }

    private mutating func add(_ attendance: AttendanceContribution, to groups: StudentGroupSet) {
        groups.forEachIndex { group in
            let row = Self.row(attendance.span, group)
            tallies[Self.place(row, .chronicAbsenteeism)] += IndicatorTally(attendance.isChronic(0))
            for other in 0..<otherThresholds where attendance.isChronic(other + 1) {
                absentees[row * otherThresholds + other] &+= 1
            }
        }
    }
}
