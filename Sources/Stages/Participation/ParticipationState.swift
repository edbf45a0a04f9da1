internal import Messages
internal import Rules
internal import Streaming

/// A task's state of an organization's participation in a year.
struct ParticipationState {
    /// Student records of the organization and, for a district, of its schools.
    private(set) var students = 0
    /// By group and unit; empty until the first student record.
    private var tallies: [ParticipationTally] = []
    /// Counts made elsewhere, in no order.
    private(set) var supplied: [SuppliedCounts] = []
    /// Rows of supplied counts that were withdrawn since the last flush.
    private(set) var withdrawn: Set<ParticipationRowName> = []

    /// Whether student records shadow the supplied counts.
    var shadowsSupplied: Bool { students > 0 }

    /// Adds a student.
    mutating func add(_ contribution: [ParticipationTally], groups: StudentGroupSet) {
        if tallies.isEmpty {
            tallies = Array(
                repeating: .zero,
                count: StudentGroup.allCases.count * ParticipationUnit.all.count
            )
        }
        students &+= 1
        groups.forEachIndex { group in
            for (unit, tally) in contribution.enumerated() where tally.students != 0 {
                tallies[group * ParticipationUnit.all.count + unit] += tally
            }
        }
    }

    /// Subtracts exactly what was added.
    mutating func subtract(_ contribution: [ParticipationTally], groups: StudentGroupSet) {
        guard !tallies.isEmpty else { return }
        students &-= 1
        groups.forEachIndex { group in
            for (unit, tally) in contribution.enumerated() where tally.students != 0 {
                tallies[group * ParticipationUnit.all.count + unit] -= tally
            }
        }
    }

    /// Takes supplied counts in; those of the same record were withdrawn before.
    mutating func supply(_ counts: SuppliedCounts) {
        supplied.append(counts)
    }

    /// Withdraws supplied counts.
    ///
    /// Returns what was withdrawn.
    mutating func withdraw(_ record: Digest) -> SuppliedCounts? {
        guard let index = supplied.firstIndex(where: { $0.record == record }) else { return nil }
        withdrawn.insert(supplied[index].name)
        return supplied.removeSwapping(at: index).removed
    }

    /// Forgets withdrawn rows after their retraction.
    mutating func forgetWithdrawn() {
        withdrawn.removeAll(keepingCapacity: false)
    }

    /// The supplied counts by row, in the order of rows.
    ///
    /// If two records give the same row, the one with the smaller digest is used, so the order of arrival does not
    /// matter.
    func suppliedRows() -> [SuppliedCounts] {
        var rows: [SuppliedCounts] = []
        for counts in supplied.sorted(by: { ($0.name, $0.record.value) < ($1.name, $1.record.value) })
        where rows.last?.name != counts.name {
            rows.append(counts)
        }
        return rows
    }

    /// The counts of all grades together, by group and unit: from the students' tests, or supplied.
    func figures(_ parameters: ParticipationParameters) -> ParticipationFigures {
        guard !shadowsSupplied else { return ParticipationFigures(tallies: tallies) }
        var bySubject: [StudentGroup: [Subject: ParticipationTally]] = [:]
        for counts in suppliedRows() where counts.name.grade == ParticipationKey.allGrades {
            guard case .subject(let subject) = counts.name.unit else { continue }
            bySubject[counts.name.group, default: [:]][subject] = counts.tally
        }
        guard !bySubject.isEmpty else { return ParticipationFigures(tallies: []) }
        var tallies: [ParticipationTally] = []
        for group in StudentGroup.allCases {
            let subjects = bySubject[group] ?? [:]
            for unit in ParticipationUnit.all {
                switch unit {
                case .subject(let subject): tallies.append(subjects[subject] ?? .zero)
                case .combined: tallies.append(ParticipationTally(combining: subjects, parameters))
                }
            }
        }
        return ParticipationFigures(tallies: tallies)
    }
}

/// The tallies of an organization's groups in a year, all grades together.
struct ParticipationFigures {
    fileprivate let tallies: [ParticipationTally]

    /// The tally of a group in a unit, by its place in ``ParticipationUnit/all``; nil if no test was due.
    func tally(_ group: StudentGroup, unit: Int) -> ParticipationTally? {
        guard !tallies.isEmpty else { return nil }
        let tally = tallies[Int(group.rawValue) * ParticipationUnit.all.count + unit]
        return tally.tests > 0 ? tally : nil
    }
}

/// Identifies a published row within an organization and year.
struct ParticipationRowName: Hashable, Comparable {
    /// `all` or two digits.
    let grade: String
    let group: StudentGroup
    let unit: ParticipationUnit

    /// The key of the row of an organization in a year.
    func key(of organization: OrganizationYear) -> ParticipationKey {
        ParticipationKey(
            schoolYear: Int(organization.year),
            organization: organization.code,
            grade: grade,
            group: group,
            unit: unit
        )
    }

    /// By grade, group and unit in canonical order; all grades together come last.
    static func < (left: ParticipationRowName, right: ParticipationRowName) -> Bool {
        (left.grade, left.group, left.unit.order) < (right.grade, right.group, right.unit.order)
    }
}

/// Participation counted elsewhere.
struct SuppliedCounts {
    /// The record that brought it.
    let record: Digest
    let name: ParticipationRowName
    let row: SubmittedLine
    /// The group as it was written, as a number of the task's ``TextTable``.
    let label: UInt32
    private let standard: UInt32
    private let alternate: UInt32
    private let absent: UInt32
    private let medical: UInt32
    private let firstYear: UInt32
    private let afterOctober: UInt32
    private let learnersNotTested: UInt32

    /// Counts as a record carries them.
    ///
    /// - Throws: ``UnusableRecord`` if group or subject is not in the vocabulary.
    init(_ counts: Accountability_V1_ParticipationCounts, record: Digest, row: SubmittedLine, label: UInt32) throws {
        guard let group = StudentGroup(wireName: counts.group), let subject = Subject(wireName: counts.subject),
            !counts.grade.isEmpty
        else { throw UnusableRecord("participation counts of an unknown group, subject or grade") }
        self.record = record
        self.row = row
        self.label = label
        name = ParticipationRowName(grade: counts.grade, group: group, unit: .subject(subject))
        standard = counts.standard
        alternate = counts.alternate
        absent = counts.absent
        medical = counts.medical
        firstYear = counts.firstYearEl
        afterOctober = counts.afterOctober
        learnersNotTested = counts.elNotTested
    }

    /// The counts as the rules take them.
    var tally: ParticipationTally {
        ParticipationTally(
            standard: Int64(standard),
            alternate: Int64(alternate),
            firstYear: Int64(firstYear),
            afterOctober: Int64(afterOctober),
            absent: Int64(absent),
            medical: Int64(medical),
            notTakingEnglishTest: Int64(learnersNotTested)
        )
    }
}

extension ParticipationUnit {
    /// The place in ``all``.
    var order: Int {
        switch self {
        case .subject(let subject): Int(subject.rawValue)
        case .combined: Subject.allCases.count
        }
    }
}
