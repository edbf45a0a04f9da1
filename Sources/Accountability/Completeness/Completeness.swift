internal import Foundation
internal import Messages
internal import Reading
internal import Rules
internal import Stages

/// The arrived and missing rows of a school year.
struct Completeness {
    /// The facts about a school year before its close.
    struct Facts {
        /// Valid rows, of this school year and of the one before.
        var rows: [StandingRows.Place: Int] = [:]
        /// The organizations that are declared for this school year.
        var organizations: [OrganizationCode: Accountability_V1_Organization] = [:]
        /// Those that were declared for the school year before.
        var declaredBefore: Set<OrganizationCode> = []
        /// Those that have a target in this school year.
        var withTargets: Set<OrganizationCode> = []
        /// Those whose supplied values of this school year come with the enrolment of both spans.
        var withEnrollment: Set<OrganizationCode> = []
        /// Those with counted participation of single grades of this school year without the row of all grades, and
        /// the number of these rows.
        var withGradesOnly: [OrganizationCode: Int] = [:]
        /// The rejections of this school year.
        var rejections: [Accountability_V1_Rejection] = []
        /// Every school year of which there are rows.
        var years: Set<Int> = []
        /// The changes of organizations.
        var changes = OrganizationChanges()
    }

    /// What is wrong with a line.
    enum Finding: String, Encodable, CaseIterable {
        /// Nothing arrived where rows were expected.
        case silent
        /// Much less arrived than was expected.
        case few
        /// Rows wait for their organization: it was never declared, or was deleted.
        case unknownOrganization = "unknown_organization"
        /// A school that must be judged by targets has none.
        case noTargets = "no_targets"
        /// An organization has both spans, but the enrolment of one is not reported, so the spans have no weights.
        case noEnrollment = "no_enrollment"
        /// Participation was supplied by grade, without the row of all grades, which alone is judged.
        case gradesOnly = "grades_only"
        /// Rows of changes contradict each other, so that no earlier year counts.
        case contradictingChanges = "contradicting_changes"
        /// A change names a former code that was not declared in the year before, so that it carries nothing over.
        case unknownFormerCode = "unknown_former_code"
        /// A closed organization is declared for the year.
        case closedButDeclared = "closed_but_declared"

        /// What it says, in a few words.
        var words: String {
            switch self {
            case .silent: "nothing arrived where rows were expected"
            case .few: "less than \(Completeness.enough) percent of the expected rows arrived"
            case .unknownOrganization: "rows wait for an organization that is not declared"
            case .noTargets: "a school with tested grades has no target"
            case .noEnrollment: "an organization has both spans, but not the enrolment that weighs them"
            case .gradesOnly: "participation was supplied by grade only, so it is not judged"
            case .contradictingChanges: "rows of organization_changes contradict each other: no earlier year counts"
            case .unknownFormerCode: "a change names a code that was not declared in the year before"
            case .closedButDeclared: "an organization is closed, and declared for the year"
            }
        }

        /// Every finding with its words, a line for each.
        static var list: String {
            allCases.map { "  \($0.rawValue.padding(toLength: 21, withPad: " ", startingAt: 0)) \($0.words)" }
                .joined(separator: "\n")
        }
    }

    /// What the number of expected rows is based on.
    enum Basis: String, Encodable {
        /// The rows of the school year before.
        case yearBefore = "year_before"
        /// The declared enrolment.
        case enrollment
    }

    /// An organization and a layout.
    struct Line: Encodable, Equatable {
        let schoolYear: Int
        let orgCode: String
        let name: String
        let layout: String
        /// The number of expected rows; nil if nothing says it.
        var expected: Int?
        var basis: Basis?
        /// Valid rows.
        let arrived: Int
        /// Rows that were refused and not submitted again, without those that wait for their organization.
        ///
        /// These have a line of their own.
        let rejected: Int
        var finding: Finding?
    }

    /// The percentage of the expected rows below which a layout has few.
    static let enough = 90

    /// Every school year of which there are rows.
    let years: [Int]
    /// Every district with every layout that it has rows of or should have; and the schools without targets.
    let lines: [Line]
    /// Whether closing the school year needs a reason: a district has sent nothing of a layout of students of which it
    /// had rows the year before.
    let isIncomplete: Bool

    /// What is missing of a school year.
    ///
    /// As many rows are expected as the year before has. Without an earlier year, one attendance row is expected for
    /// each student of the declared enrollment. Below the minimum size nothing counts as missing, because a district
    /// can have three English learners one year and none the next.
    init(_ facts: Facts, year: Int, _ framework: Framework?) {
        years = facts.years.sorted()
        let minimum = framework?.minimumSize.accountability.value ?? 1
        var lines = Self.districtLines(facts, year: year, minimum: minimum)
        let waiting = Self.refused(facts) { $0.code == RejectionCode.unknownOrganization.rawValue }
        for (place, rows) in waiting {
            let name = facts.organizations[place.district]?.name ?? ""
            var line = Line(year, place.district, name, place.layout, arrived: 0, rejected: rows)
            line.finding = .unknownOrganization
            lines.append(line)
        }
        if framework?.points != nil {
            for (code, school) in facts.organizations
            where code.type == .school && school.declaredSpans?.isEmpty == false && !facts.withTargets.contains(code)
                && !facts.changes.isClosed(code, in: year)
            {
                var line = Line(year, code, school.name, Layout.targets.wireName, arrived: 0, rejected: 0)
                line.finding = .noTargets
                lines.append(line)
            }
        }
        lines += Self.spanLines(facts, year: year)
        lines += Self.gradeLines(facts, year: year)
        lines += Self.changeLines(facts, year: year)
        self.lines = lines.sorted { $0.place.lexicographicallyPrecedes($1.place) }
        isIncomplete = lines.contains(where: Self.forbidsClosing)
    }

    /// The organizations of a year with both spans but without the enrolment that weighs them, in the order of their
    /// codes.
    static func spanLines(_ facts: Facts, year: Int) -> [Line] {
        withoutEnrollment(facts).sorted()
            .map { code in
                let name = facts.organizations[code]?.name ?? ""
                var line = Line(year, code, name, Layout.organizations.wireName, arrived: 1, rejected: 0)
                line.finding = .noEnrollment
                return line
            }
    }

    /// The organizations whose participation is not judged, because only single grades were supplied.
    ///
    /// Nothing says whether the grades that arrived are all: small groups are left out of the published rows of a
    /// grade. So their sum is not taken for the whole. Where student records stand in for the counts, nothing is
    /// missing.
    private static func gradeLines(_ facts: Facts, year: Int) -> [Line] {
        let shadowed = facts.rejections.filter {
            $0.code == RejectionCode.suppliedShadowed.rawValue && $0.closedBy.isEmpty
                && $0.layout == Layout.participationCounts.wireName
        }
        let replaced = Set(shadowed.compactMap { OrganizationCode($0.orgCode) })
        return facts.withGradesOnly.filter { !replaced.contains($0.key) }.sorted { $0.key < $1.key }
            .map { code, rows in
                let name = facts.organizations[code]?.name ?? ""
                var line = Line(
                    year,
                    code,
                    name,
                    Layout.participationCounts.wireName,
                    arrived: rows,
                    rejected: 0
                )
                line.finding = .gradesOnly
                return line
            }
    }

    /// What is doubtful about the changes of organizations of a year.
    private static func changeLines(_ facts: Facts, year: Int) -> [Line] {
        var lines: [Line] = []
        func add(_ code: OrganizationCode, _ finding: Finding, rows: Int) {
            let name = facts.organizations[code]?.name ?? ""
            var line = Line(year, code, name, Layout.organizationChanges.wireName, arrived: rows, rejected: 0)
            line.finding = finding
            lines.append(line)
        }
        let changed = Set(facts.changes.changes(in: year).map(\.organization))
        for code in changed.sorted() {
            let rows = facts.changes.changes(of: code, in: year)
            if facts.changes.isContradicted(code, in: year) { add(code, .contradictingChanges, rows: rows.count) }
            let unknown = rows.compactMap(\.former).filter { !facts.declaredBefore.contains($0) }
            // Without the organizations of the year before nothing is known about them.
            if !unknown.isEmpty, !facts.declaredBefore.isEmpty { add(code, .unknownFormerCode, rows: unknown.count) }
        }
        for code in facts.organizations.keys.sorted() where facts.changes.isClosed(code, in: year) {
            add(code, .closedButDeclared, rows: facts.changes.changes(of: code, in: year).count)
        }
        return lines
    }

    /// The schools and districts with both spans whose enrolment by span is neither declared nor came with values.
    ///
    /// A district has the spans of its schools.
    private static func withoutEnrollment(_ facts: Facts) -> [OrganizationCode] {
        var spans: [OrganizationCode: Set<GradeSpan>] = [:]
        for (code, school) in facts.organizations where code.type == .school {
            let own = school.declaredSpans ?? []
            spans[code, default: []].formUnion(own)
            spans[code.district, default: []].formUnion(own)
        }
        return spans.filter { $0.value.count == GradeSpan.allCases.count }.keys
            .filter { code in
                guard let declared = facts.organizations[code] else { return false }
                let isDeclared = declared.hasNonHighEnrollment && declared.hasHighEnrollment
                return !isDeclared && !facts.withEnrollment.contains(code)
            }
    }

    private static func districtLines(_ facts: Facts, year: Int, minimum: Int) -> [Line] {
        var enrollment: [OrganizationCode: Int] = [:]
        for (code, school) in facts.organizations where code.type == .school {
            enrollment[code.district, default: 0] += Int(school.enrollment)
        }
        let refused = refused(facts) {
            let code = RejectionCode(rawValue: $0.code)
            return code?.isNote != true && code != .unknownOrganization
        }
        // A district that is no longer declared has closed: nothing of it is missing.
        var districts = Set(facts.organizations.keys.filter { $0.type != .state }.map(\.district))
        districts.formUnion(
            facts.rows.keys.filter { $0.schoolYear == year && $0.district.type != .state }.map(\.district)
        )
        var lines: [Line] = []
        for district in districts {
            let name = facts.organizations[district]?.name ?? ""
            for layout in Layout.allCases where !layout.isForEveryone {
                func rows(_ year: Int) -> Int {
                    facts.rows[.init(schoolYear: year, district: district, layout: layout)] ?? 0
                }
                let rejected = refused[Place(district: district, layout: layout.wireName)] ?? 0
                var line = Line(year, district, name, layout.wireName, arrived: rows(year), rejected: rejected)
                if rows(year - 1) > 0 {
                    (line.expected, line.basis) = (rows(year - 1), .yearBefore)
                } else if layout == .attendance, let students = enrollment[district], students > 0 {
                    (line.expected, line.basis) = (students, .enrollment)
                }
                if let expected = line.expected, expected >= minimum {
                    if line.arrived == 0 {
                        line.finding = .silent
                    } else if line.arrived * 100 < expected * enough {
                        line.finding = .few
                    }
                }
                if line.expected != nil || line.arrived > 0 || rejected > 0 { lines.append(line) }
            }
        }
        return lines
    }

    /// Whether a line is a reason not to close the year yet.
    static func forbidsClosing(_ line: Line) -> Bool {
        line.finding == .silent && line.basis == .yearBefore
            && Layout(wireName: line.layout)?.isAboutStudents == true
    }

    private struct Place: Hashable {
        let district: OrganizationCode
        let layout: String
    }

    /// How many rows were refused and not submitted again.
    private static func refused(_ facts: Facts, where isMeant: (Accountability_V1_Rejection) -> Bool) -> [Place: Int] {
        var rows: [Place: Set<String>] = [:]
        for rejection in facts.rejections where rejection.closedBy.isEmpty && isMeant(rejection) {
            guard let code = OrganizationCode(rejection.orgCode) else { continue }
            rows[Place(district: code.district, layout: rejection.layout), default: []]
                .insert("\(rejection.submission)/\(rejection.line)")
        }
        return rows.mapValues(\.count)
    }
}

extension Completeness.Line {
    fileprivate init(
        _ year: Int,
        _ organization: OrganizationCode,
        _ name: String,
        _ layout: String,
        arrived: Int,
        rejected: Int
    ) {
        schoolYear = year
        orgCode = organization.description
        self.name = name
        self.layout = layout
        self.arrived = arrived
        self.rejected = rejected
    }

    /// The order of the lines.
    fileprivate var place: [String] { [orgCode, layout, finding?.rawValue ?? ""] }
}
