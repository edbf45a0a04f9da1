package import Messages
package import Rules

/// What the directives topic has on record, as the rules take it.
package struct DepartmentRecords {
    /// Every act that stands, by school year, act, organization and kind.
    package let acts: [Accountability_V1_Directive]

    package init(_ acts: [Accountability_V1_Directive]) {
        self.acts = acts
    }

    /// The reviews on record, by school year and district: 603 CMR 2.03(4).
    package var reviews: [DistrictReview] {
        var reviews: [DeterminationKey: DistrictReview] = [:]
        for act in acts where act.act == .review {
            guard let organization = OrganizationCode(act.orgCode) else { continue }
            let key = DeterminationKey(schoolYear: Int(act.schoolYear), organization: organization.district)
            var review = reviews[key] ?? DistrictReview(district: key.organization, schoolYear: key.schoolYear)
            review.take(organization, kind: act.kind, rating: act.rating, from: act.effectiveDate, to: act.endDate)
            reviews[key] = review
        }
        return reviews.values.sorted { ($0.schoolYear, $0.district) < ($1.schoolYear, $1.district) }
    }

    /// The official release of the state's results of a school year; nil while there is none.
    package func release(of year: Int) -> Accountability_V1_Directive? {
        acts.first { act in
            Int(act.schoolYear) == year && act.releaseKind == .official
                && act.orgCode == OrganizationCode.state.description
        }
    }

    /// The plans and self-evaluations that were filed: 603 CMR 2.03(7).
    package var filings: [PlanFiling] {
        acts.compactMap { act in
            guard act.act == .planFiling, let kind = PlanKind(wireName: act.kind),
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
