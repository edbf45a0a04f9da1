internal import Rules
internal import Testing

@Suite struct ReviewTests {
    private let district = OrganizationCode(rawValue: 350_000) ?? .state

    /// 603 CMR 2.03(4).
    @Test func gathersADistrictItsSchoolsAndItsRatingsInAnyOrder() throws {
        let acts: [(UInt32, String, String)] = [
            (350_012, "conducted", ""), (350_000, "conducted", ""), (350_000, "assessment", "proficient"),
            (350_004, "conducted", ""),
            (350_012, "conducted", ""), (350_012, "student_support", "exemplary"),
        ]
        func review(_ acts: [(UInt32, String, String)]) throws -> DistrictReview {
            var review = DistrictReview(district: district, schoolYear: 2024)
            for (code, kind, rating) in acts {
                review.take(
                    try #require(OrganizationCode(rawValue: code)),
                    kind: kind,
                    rating: rating,
                    from: "2024-03-04",
                    to: "2024-03-07"
                )
            }
            return review
        }
        let found = try review(acts)
        #expect(found == (try review(acts.reversed())))
        #expect(found.schools.map(\.description) == ["00350004", "00350012"])
        #expect(found.firstDay == "2024-03-04" && found.lastDay == "2024-03-07")
        // A rating is the district's.
        #expect(found.ratings == [.assessment: .proficient])
        #expect(!found.isRatedInFull)
    }

    /// 603 CMR 2.03(6)(a)
    /// 603 CMR 2.03(6).
    @Test func hasTheSixStandards() throws {
        #expect(ReviewStandard.allCases.count == 6)
        var review = DistrictReview(district: district, schoolYear: 2024)
        for standard in ReviewStandard.allCases {
            review.take(district, kind: standard.wireName, rating: "needs_improvement", from: "", to: "")
        }
        #expect(review.isRatedInFull)
        let parameters = try #require(try Framework.of(schoolYear: 2024).review)
        #expect(parameters.ratings.value == ReviewRating.allCases)
        #expect(Set(parameters.indicators.keys) == Set(ReviewStandard.allCases))
    }
}
