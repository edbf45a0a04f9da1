package import Messages
package import Rules

/// Organizations side by side, 603 CMR 2.03(5).
package enum Comparison {
    /// How an organization came into a comparison.
    package enum Part: String, CaseIterable, Sendable {
        case own
        case similar
        case chosen
    }

    /// What an organization is called and whom it teaches.
    package struct Facts: Hashable, Sendable {
        package let name: String
        /// Enrolled students; nil where the number is not shown.
        package let enrollment: Int?
        /// Shares of the students in percent; empty where they are not shown.
        package let lowIncomeShare, disabilityShare, englishLearnerShare: String

        /// Where nothing was declared.
        package init(name: String) {
            self.name = name
            enrollment = nil
            (lowIncomeShare, disabilityShare, englishLearnerShare) = ("", "", "")
        }

        /// As it was declared.
        package init(_ organization: Accountability_V1_Organization) {
            name = organization.name
            enrollment = Int(organization.enrollment)
            lowIncomeShare = Self.share(organization.enrollmentLowIncome, organization.enrollment)
            disabilityShare = Self.share(organization.enrollmentSwd, organization.enrollment)
            englishLearnerShare = Self.share(organization.enrollmentEl, organization.enrollment)
        }

        /// What is public of it: shares of students are not.
        package init(_ publication: Accountability_V1_Publication) {
            name = publication.name
            enrollment = publication.hasEnrollment ? Int(publication.enrollment) : nil
            (lowIncomeShare, disabilityShare, englishLearnerShare) = ("", "", "")
        }

        private static func share(_ part: UInt32, _ whole: UInt32) -> String {
            guard whole > 0, let share = try? Ratio(Int64(part) * 100, over: Int64(whole)) else { return "" }
            return share.text(decimals: 1)
        }
    }

    /// An organization that is compared, with its years.
    package struct Member: Sendable {
        package let code: OrganizationCode
        package let part: Part
        /// In millionths of a standard deviation; nil where there is none, or it is not shown.
        package let distance: Int64?
        package let facts: Facts
        /// The newest first.
        package let results: [ComparedResults]

        package init(
            _ code: OrganizationCode,
            _ part: Part,
            distance: Int64? = nil,
            _ facts: Facts,
            _ results: [ComparedResults]
        ) {
            self.code = code
            self.part = part
            self.distance = distance
            self.facts = facts
            self.results = results
        }

        /// In standard deviations, three decimals; empty where there is none.
        package var distanceText: String {
            distance.flatMap { try? Ratio($0, over: 1_000_000) }?.text(decimals: 3) ?? ""
        }
    }

    /// An organization in a school year.
    package struct Row: Encodable, Equatable {
        package let organization: String
        package let name: String
        /// `own`, `similar` or `chosen`.
        package let role: String
        /// In standard deviations; of similar ones.
        package let distance: String
        package let schoolYear: Int
        package let enrollment: Int?
        package let lowIncomeShare: String
        package let disabilityShare: String
        package let englishLearnerShare: String
        /// The figures by name; where both grade spans have one, both, the lower span first.
        package let figures: [String: String]
        /// Every figure by itself, with its target and its points.
        package let measures: [ComparedResults.Measure]
        package let classification: String
        package let level: String

        init(_ member: Member, _ results: ComparedResults) {
            organization = member.code.description
            name = member.facts.name
            role = member.part.rawValue
            distance = member.distanceText
            schoolYear = results.schoolYear
            enrollment = member.facts.enrollment
            lowIncomeShare = member.facts.lowIncomeShare
            disabilityShare = member.facts.disabilityShare
            englishLearnerShare = member.facts.englishLearnerShare
            var figures = Dictionary(results.measures.map { ($0.name, $0.value) }) { "\($0) / \($1)" }
            if let printed = results.printedAnnual { figures["annual_printed"] = String(printed) }
            self.figures = figures
            measures = results.measures
            classification = results.classification
            level = results.level
        }
    }

    /// The figures that are listed, in order.
    private static let figureNames =
        ["participation"] + Indicator.allCases.map(\.wireName) + ["percentile", "annual", "cumulative"]

    /// An organization as the rules compare it.
    package static func organization(
        _ code: OrganizationCode,
        _ facts: Accountability_V1_Organization
    ) -> ComparedOrganization {
        ComparedOrganization(
            code: code,
            gradeSpanClass: "\(code.type)/\(facts.comparisonGroup)",
            enrollment: Int64(facts.enrollment),
            lowIncome: Int64(facts.enrollmentLowIncome),
            disability: Int64(facts.enrollmentSwd),
            englishLearner: Int64(facts.enrollmentEl)
        )
    }

    /// The organization itself, the similar ones in their order, then the chosen ones; of each every year up to `year`
    /// that has a determination.
    package static func rows(
        _ own: OrganizationCode,
        _ similar: [SimilarOrganization],
        chosen: [OrganizationCode],
        facts: [(code: OrganizationCode, facts: Accountability_V1_Organization)],
        _ determinations: [Accountability_V1_Determination],
        through year: Int
    ) -> [Row] {
        let facts = Dictionary(facts.map { ($0.code, $0.facts) }, uniquingKeysWith: { first, _ in first })
        let byCode = Dictionary(grouping: determinations.filter { Int($0.schoolYear) <= year }) { $0.orgCode }
        func member(_ code: OrganizationCode, _ part: Part, _ distance: Int64? = nil) -> Member {
            let found = (byCode[code.description] ?? []).sorted { $0.schoolYear > $1.schoolYear }
            return Member(
                code,
                part,
                distance: distance,
                Facts(facts[code] ?? Accountability_V1_Organization()),
                found.isEmpty ? [ComparedResults(schoolYear: year)] : found.map { ComparedResults($0) }
            )
        }
        return rows(
            [member(own, .own)] + similar.map { member($0.code, .similar, $0.distance) }
                + chosen.filter { $0 != own && facts[$0] != nil }.map { member($0, .chosen) }
        )
    }

    /// The years of organizations, one row each.
    package static func rows(_ members: [Member]) -> [Row] {
        members.flatMap { member in member.results.map { Row(member, $0) } }
    }

    /// The rows as a table of figures; figures that none of them has are left out.
    package static func listing(_ rows: [Row]) -> Listing {
        let shown = figureNames.filter { name in rows.contains { $0.figures[name] != nil } }
        return Listing(
            heads + shown + ["level"],
            rows.map { row in
                head(row)
                    + shown.map { name in
                        row.measures.filter { $0.name == name }.map(\.shown).joined(separator: " / ")
                    } + [row.level]
            }
        )
    }

    /// The rows as a table of everything, each figure of each grade span with its target and its points.
    package static func wideListing(_ rows: [Row]) -> Listing {
        let elements = ComparedElement.of(rows.flatMap(\.measures))
        return Listing(
            heads + ["classification", "level"] + elements.flatMap(\.columns),
            rows.map { row in
                head(row) + [row.classification, row.level]
                    + elements.flatMap { element in
                        element.fields(row.measures.first { $0.measure == element.measure })
                    }
            }
        )
    }

    private static let heads = [
        "role", "org_code", "name", "distance", "year", "enrollment", "low_income", "swd", "el",
    ]

    private static func head(_ row: Row) -> [String] {
        [
            row.role, row.organization, row.name, row.distance, String(row.schoolYear),
            row.enrollment.map { String($0) } ?? "", row.lowIncomeShare, row.disabilityShare, row.englishLearnerShare,
        ]
    }
}
