internal import Messages
internal import Rules

/// The facts about a student's tests that participation needs: the three statuses and whether the student was enrolled
/// since October.
///
/// They fit into two bytes.
struct TestContribution: Hashable {
    /// The number of different contributions.
    static let count = Int(statuses * statuses * statuses * 2)

    /// From 0 below ``count``.
    let code: UInt16

    private static let statuses = UInt16(TestStatus.allCases.count)

    private static func number(_ status: UInt32) -> UInt16 {
        UInt16(TestStatus(recorded: status).rawValue)
    }

    /// - Parameters: the numbers of the statuses, as records carry them.
    init(ela: UInt32, math: UInt32, science: UInt32, enrolledSinceOctober: Bool) {
        var code = Self.number(ela)
        code = code * Self.statuses + Self.number(math)
        code = code * Self.statuses + Self.number(science)
        self.code = code * 2 + (enrolledSinceOctober ? 1 : 0)
    }

    /// The statuses by subject.
    var statuses: [Subject: TestStatus] {
        var rest = code / 2
        var statuses: [Subject: TestStatus] = [:]
        for subject in [Subject.science, .math, .ela] {
            statuses[subject] = TestStatus(rawValue: UInt8(rest % Self.statuses))
            rest /= Self.statuses
        }
        return statuses
    }

    /// Whether the student was enrolled since October.
    var enrolledSinceOctober: Bool { code % 2 == 1 }
}

/// The counts that each possible contribution adds under a year's framework, each computed once.
final class ParticipationYear {
    /// The framework of the year.
    let framework: Framework

    private var tallies: [[ParticipationTally]?]

    init(_ framework: Framework) {
        self.framework = framework
        tallies = Array(repeating: nil, count: TestContribution.count)
    }

    /// What a contribution adds, in the order of ``ParticipationUnit/all``.
    func tallies(of contribution: TestContribution) -> [ParticipationTally] {
        if let known = tallies[Int(contribution.code)] { return known }
        let statuses = contribution.statuses
        let made = ParticipationUnit.all.map { unit in
            switch unit {
            case .subject(let subject):
                ParticipationTally(
                    statuses[subject] ?? .notRequired,
                    in: subject,
                    enrolledSinceOctober: contribution.enrolledSinceOctober,
                    framework.participation
                )
            case .combined:
                ParticipationTally(
                    combining: statuses,
                    enrolledSinceOctober: contribution.enrolledSinceOctober,
                    framework.participation
                )
            }
        }
        tallies[Int(contribution.code)] = made
        return made
    }
}

extension ParticipationUnit {
    /// The units in the order of the reports: each subject, then all combined.
    static let all: [ParticipationUnit] = Subject.allCases.map { .subject($0) } + [.combined]
}
