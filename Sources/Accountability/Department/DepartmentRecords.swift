internal import Messages
internal import Operating
internal import Reading
internal import Rules

/// What the directives topic has on record, as the rules take it.
struct DepartmentRecords {
    /// Every act that stands, by school year, act, organization and kind.
    let acts: [Accountability_V1_Directive]

    /// The records of an installation.
    init(_ connection: Connection) throws {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        self.init(try reader.table(TableTopics.directives).map(\.message))
    }

    init(_ acts: [Accountability_V1_Directive]) {
        self.acts = acts
    }

    /// The reviews on record, by school year and district: 603 CMR 2.03(4).
    var reviews: [DistrictReview] {
        var reviews: [DeterminationKey: DistrictReview] = [:]
        for act in acts where act.directive == DepartmentAct.review.wireName {
            guard let organization = OrganizationCode(act.orgCode) else { continue }
            let key = DeterminationKey(schoolYear: Int(act.schoolYear), organization: organization.district)
            var review = reviews[key] ?? DistrictReview(district: key.organization, schoolYear: key.schoolYear)
            review.take(organization, kind: act.kind, rating: act.rating, from: act.effectiveDate, to: act.endDate)
            reviews[key] = review
        }
        return reviews.values.sorted { ($0.schoolYear, $0.district) < ($1.schoolYear, $1.district) }
    }

    /// The official release of the state's results of a school year; nil while there is none.
    func release(of year: Int) -> Accountability_V1_Directive? {
        acts.first { act in
            Int(act.schoolYear) == year && act.directive == DepartmentAct.release.wireName
                && act.kind == ResultsStage.official.rawValue && act.orgCode == OrganizationCode.state.description
        }
    }

    /// The plans and self-evaluations that were filed: 603 CMR 2.03(7).
    var filings: [PlanFiling] {
        acts.compactMap { act in
            guard act.directive == DepartmentAct.planFiling.wireName, let kind = PlanKind(wireName: act.kind),
                let organization = OrganizationCode(act.orgCode)
            else { return nil }
            return PlanFiling(
                kind: kind,
                organization: organization,
                schoolYear: Int(act.schoolYear),
                date: act.effectiveDate,
                parts: act.parts.compactMap { PlanPart(wireName: $0) },
                alignment: act.reference
            )
        }
    }
}

/// The declared districts and schools of a school year.
struct DeclaredOrganizations {
    /// By code.
    let organizations: [(code: OrganizationCode, facts: Accountability_V1_Organization)]

    /// Those of an installation.
    init(_ connection: Connection, year: Int) throws {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        let entries = try reader.table(TableTopics.indicators) { $0.schoolYear == year && $0.entry == .organization }
        organizations = entries.map { ($0.key.organization, $0.message.organization) }
    }

    /// The school years for which organizations are declared.
    static func years(_ connection: Connection) throws -> [Int] {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        var years: Set<Int> = []
        try reader.read(Topics.indicators) { record in
            guard let key = record.key(of: TableTopics.indicators), key.entry == .organization else { return }
            years.insert(key.schoolYear)
        }
        return years.sorted()
    }
}
