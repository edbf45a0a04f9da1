import Messages
import Testing

@testable import statewide

/// What a generated state shows, once its two years are determined.
@Suite(.timeLimit(.minutes(30))) struct WholeYearTests {
    /// Every classification, level and reason, in a state of any size.
    ///
    /// A low subgroup needs nineteen schools with twenty students of the group to compare with: the smallest states
    /// have not as many.
    @Test(arguments: [1500, 3000, 6000, 20_000])
    func theStateShowsEveryResult(_ students: Int) throws {
        let year = try WholeYear(try GeneratedState(students: students, seed: 1))
        #expect(year.rejections.isEmpty, "\(Set(year.rejections))")
        #expect(
            Set(year.determinations.values.map(\.classification)).subtracting([""])
                == ["requiring_assistance", "not_requiring_assistance", "insufficient_data"]
        )
        let levels = Set(year.determinations.values.map(\.level))
        #expect(
            levels == [
                "broad_comprehensive", "focused_targeted", "school_of_recognition", "meeting", "substantial",
                "moderate", "limited", "",
            ]
        )
        var reasons = Set(year.determinations.values.flatMap(\.reasons))
        if students < 6000 { reasons.insert("low_subgroup") }
        #expect(
            reasons == ["designation", "lowest_10_percent", "low_subgroup", "low_graduation", "low_participation"]
        )
        // A school with few students is judged by nothing; the alternative one is low in graduation.
        #expect(year.has { $0.classification == "insufficient_data" && !$0.hasAnnual && !$0.hasPercentile })
        guard students == 20_000 else { return }
        #expect(year.points.count == 11)
        for (indicator, counts) in year.points {
            #expect(Set(counts.keys) == [0, 1, 2, 3, 4], "\(indicator): \(counts)")
        }
    }

    /// Targets start from the values of the year before: what the generator counted is what the stages compute,
    /// exactly.
    @Test func baselinesAreTheValuesOfTheYearBefore() throws {
        let state = try GeneratedState(students: 3000, seed: 1)
        let year = try WholeYear(state)
        var compared = 0
        for row in try state.rows("targets.csv") where row["school_year"] == "2019" && row["org_code"] != "00000000" {
            let place = ["org_code", "grade_span", "group", "indicator"].map { row[$0] ?? "" }
            #expect(year.values[place] == row["baseline"], "\(place)")
            compared += 1
        }
        #expect(compared > 600)
    }

    /// Schools that open, close and change their grades, and those of the youngest, which have no targets.
    @Test func everyKindOfSchoolIsThere() throws {
        let state = try GeneratedState(students: 3000, seed: 1)
        var types: [String: [String: String]] = [:]
        var groups: [String: [String: String]] = [:]
        for row in try state.rows("organizations.csv") where row["org_type"] == "school" {
            types[row["school_year"] ?? "", default: [:]][row["org_code"] ?? ""] = row["school_type"]
            groups[row["school_year"] ?? "", default: [:]][row["org_code"] ?? ""] = row["comparison_group"]
        }
        let (before, now) = (types["2018"] ?? [:], types["2019"] ?? [:])
        #expect(Set(now.values) == ["EES", "ES", "ESMS", "MS", "MSHS", "HS", "K-12"])
        #expect(!Set(now.keys).subtracting(before.keys).isEmpty, "none opens")
        #expect(!Set(before.keys).subtracting(now.keys).isEmpty, "none closes")
        let stayed = Set(before.keys).intersection(now.keys)
        #expect(stayed.contains { groups["2018"]?[$0] == "high" && groups["2019"]?[$0] == "middle_high" })
        let grades = try state.rows("organizations.csv")
            .reduce(into: [String: Set<String>]()) { grades, row in
                grades[row["org_code"] ?? "", default: []].insert(row["grades_served"] ?? "")
            }
        #expect(stayed.contains { groups["2019"]?[$0] == "non_high" && grades[$0]?.count == 2 })
        // Students and targets only where the school is open, and targets only where it has tested grades.
        for row in try state.rows("targets.csv") {
            let (year, code) = (row["school_year"] ?? "", row["org_code"] ?? "")
            if let group = groups[year]?[code] { #expect(!group.isEmpty, "\(code) of \(year)") }
        }
        let early = now.filter { $0.value == "EES" }.keys
        #expect(!early.isEmpty)
        let attendance = try state.rows("attendance-2019.csv")
        #expect(attendance.contains { row in early.contains(row["org_code"] ?? "") })
        #expect(StateBuilder.build(seed: 1, students: 3000).schools.contains { $0.isAlternative })
    }
}
