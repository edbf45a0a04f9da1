import Messages

/// The files that do not have a row a student: organizations, targets, directives, values already computed.
struct Supplied {
    private let generator: Generator
    private let state: State
    private let year: Int
    private let seed: UInt64
    /// Sums of the state, the districts and the schools, in this order.
    private var tally: Tally
    private var ranking: Ranking
    private let organizations: [Organization]

    private struct Organization {
        var code: String
        var comparisonGroup: String
    }

    init(_ generator: Generator) {
        self.generator = generator
        state = generator.state
        year = generator.plan.year
        seed = generator.plan.seed
        let state = generator.state
        let first = 1 + state.districts.count
        tally = Tally(organizations: first + state.schools.count)
        ranking = Ranking(organizations: first + state.schools.count)
        for (index, school) in state.schools.enumerated() {
            for target in [0, 1 + school.district, first + index] {
                tally.merge(generator.tally, from: index, into: target)
                ranking.merge(generator.ranking, from: index, into: target)
            }
        }
        // Only schools have peers: districts and the state have no percentile.
        organizations =
            [Organization(code: "00000000", comparisonGroup: "")]
            + state.districts.map { Organization(code: $0.code, comparisonGroup: "") }
            + state.schools.map { Organization(code: $0.code, comparisonGroup: $0.comparisonGroup) }
    }

    /// Writes the files; in the order in which they are to be submitted.
    mutating func write(into directory: String) throws -> [TableFile.Entry] {
        let compressed = generator.plan.compressed
        var file = try TableFile(directory, "organizations", .organizations, compressed: compressed)
        for offset in 0...1 { try writeOrganizations(&file, offset) }
        var entries = [try file.close()]
        file = try TableFile(directory, "targets", .targets, compressed: compressed)
        try writeTargets(&file)
        entries.append(try file.close())
        file = try TableFile(directory, "directives", .directives, compressed: compressed)
        try writeDirectives(&file)
        entries.append(try file.close())
        file = try TableFile(directory, "indicator_values", .indicatorValues, compressed: compressed)
        try writeIndicators(&file)
        entries.append(try file.close())
        file = try TableFile(directory, "participation_counts", .participationCounts, compressed: compressed)
        try writeParticipation(&file)
        entries.append(try file.close())
        return entries
    }

    // MARK: Organizations

    private struct Headcount {
        var all = 0
        var nonHigh = 0
        var high = 0
        var lowIncome = 0
        var disabled = 0
        var learners = 0

        static func += (left: inout Headcount, right: Headcount) {
            left.all += right.all
            left.nonHigh += right.nonHigh
            left.high += right.high
            left.lowIncome += right.lowIncome
            left.disabled += right.disabled
            left.learners += right.learners
        }
    }

    private func headcount(_ index: Int, _ offset: Int) -> Headcount {
        let enrolled = generator.enrollment[index * 2 + offset]
        let grades = state.schools[index].grades
        var result = Headcount()
        result.nonHigh = enrolled.byGrade[1...8].reduce(0, +)
        result.high = enrolled.byGrade[9...12].reduce(0, +)
        // Kindergarten has about as many as the first grade, pre-kindergarten half of that.
        let first = grades.contains(1) ? enrolled.byGrade[1] : 45
        let young = (grades.contains(0) ? first : 0) + (grades.contains(-1) ? first / 2 : 0)
        result.all = result.nonHigh + result.high + young
        let older = max(1, result.nonHigh + result.high)
        result.lowIncome = enrolled.lowIncome * result.all / older
        result.disabled = enrolled.disabled * result.all / older
        result.learners = enrolled.learners * result.all / older
        return result
    }

    private func writeOrganizations(_ file: inout TableFile, _ offset: Int) throws {
        let counts = state.schools.indices.map { headcount($0, offset) }
        var districts = [Headcount](repeating: Headcount(), count: state.districts.count)
        var whole = Headcount()
        var served = [(lowest: Int, highest: Int, title1: Bool)](repeating: (13, -1, false), count: districts.count)
        for (index, school) in state.schools.enumerated() {
            districts[school.district] += counts[index]
            whole += counts[index]
            let before = served[school.district]
            served[school.district] = (
                min(before.lowest, school.grades.lowerBound), max(before.highest, school.grades.upperBound),
                before.title1 || school.title1
            )
        }
        let all = School(grades: -1...12)
        try writeOrganization(&file, offset, "00000000", "state", "State Totals", all, whole, "", "")
        for (index, district) in state.districts.enumerated() {
            var span = School(grades: served[index].lowest...max(served[index].lowest, served[index].highest))
            span.title1 = served[index].title1
            try writeOrganization(
                &file,
                offset,
                district.code,
                "district",
                district.name,
                span,
                districts[index],
                district.code,
                district.region
            )
        }
        for (index, school) in state.schools.enumerated() {
            let district = state.districts[school.district]
            try writeOrganization(
                &file,
                offset,
                school.code,
                "school",
                school.name,
                school,
                counts[index],
                district.code,
                district.region
            )
        }
    }

    private func writeOrganization(
        _ file: inout TableFile,
        _ offset: Int,
        _ code: String,
        _ type: String,
        _ name: String,
        _ school: School,
        _ count: Headcount,
        _ district: String,
        _ region: String
    ) throws {
        file.write(year - 1 + offset)
        file.write(code)
        file.write(type)
        file.write(name)
        file.write(district)
        file.write(region)
        file.write(type == "school" ? school.type : "")
        file.write(type == "school" ? school.comparisonGroup : "")
        file.write(school.gradeList)
        file.write(type == "state" ? "" : school.title1 ? "Y" : "N")
        file.write(count.all)
        file.write(count.nonHigh)
        file.write(count.high)
        file.write(count.lowIncome)
        file.write(count.disabled)
        file.write(count.learners)
        try file.endRow()
    }

    // MARK: Participation

    /// The state's own counts: it has no student records of its own, those of its schools are theirs.
    private func writeParticipation(_ file: inout TableFile) throws {
        for offset in 0...1 {
            for (group, name) in Supplied.groupNames.enumerated() {
                for (subject, subjectName) in TestCounts.subjects.enumerated() {
                    let line = generator.tests[offset, group, subject]
                    guard line.enrolled >= 10 else { continue }
                    file.write(year - 1 + offset)
                    file.write("00000000")
                    file.write("all")
                    file.write(name)
                    file.write(subjectName)
                    for count in [
                        line.enrolled, line.standard, line.alternate, line.absent, line.medical, line.firstYear,
                        line.afterOctober, line.learnersNotTested,
                    ] { file.write(count) }
                    file.write("")
                    try file.endRow()
                }
            }
        }
    }

    // MARK: Values and targets

    private static let groupNames = Vocabulary.groups.filter { $0 != "lowest_performing" }

    private func writeIndicators(_ file: inout TableFile) throws {
        for offset in 0...1 {
            for (index, organization) in organizations.enumerated() {
                for high in [false, true] {
                    for (group, name) in Supplied.groupNames.enumerated() {
                        for measure in Measure.allCases where measure.isSupplied(inPriorYear: offset == 0) {
                            let sum = tally[index, offset, high, group, measure]
                            // Smaller groups are not published, not even as counts.
                            guard sum.count >= 10 else { continue }
                            file.write(year - 1 + offset)
                            file.write(organization.code)
                            file.write(organization.comparisonGroup)
                            file.write(high ? "high" : "non_high")
                            file.write(name)
                            file.write(measure.indicator)
                            file.write(tenths: sum.tenths(of: measure))
                            file.write(sum.count)
                            try file.endRow()
                        }
                    }
                }
            }
        }
    }

    private func writeTargets(_ file: inout TableFile) throws {
        for offset in 0...1 {
            for index in organizations.indices {
                for high in [false, true] {
                    for (group, name) in Supplied.groupNames.enumerated() {
                        let sums = Measure.allCases.map { ($0, tally[index, 0, high, group, $0]) }
                        try writeTargets(&file, offset, index, high, name, sums)
                        guard group == 0 else { continue }
                        let lowest = ranking.lowestQuarter(index, high: high)
                        try writeTargets(&file, offset, index, high, "lowest_performing", lowest)
                    }
                }
            }
        }
    }

    private func writeTargets(
        _ file: inout TableFile,
        _ offset: Int,
        _ index: Int,
        _ high: Bool,
        _ group: String,
        _ sums: [(measure: Measure, sum: Sum)]
    ) throws {
        for (measure, sum) in sums where sum.count >= 20 {
            var baseline = sum.tenths(of: measure)
            if offset == 0 {
                // The year before the prior one is not generated: it lies a little off.
                var random = Random(seed: seed, stream: 9, index: UInt64(index * 10 + measure.rawValue))
                let drift = random.normal(9)
                baseline = max(0, min(baseline <= 1000 ? 1000 : 5600, baseline - drift))
            }
            file.write(year - 1 + offset)
            file.write(organizations[index].code)
            file.write(high ? "high" : "non_high")
            file.write(group)
            file.write(measure.indicator)
            file.write(tenths: baseline)
            file.write(tenths: Supplied.target(measure, from: baseline))
            file.write(Supplied.path(measure, from: baseline, in: year - 1 + offset))
            try file.endRow()
        }
    }

    /// A year's step towards the goal in tenths: the further away, the longer.
    private static func target(_ measure: Measure, from baseline: Int) -> Int {
        switch measure {
        // Index points end at 100.0, scores begin at 440.0.
        case .ela where baseline <= 1000, .math where baseline <= 1000:
            min(1000, baseline + max(4, (1000 - baseline) / 20))
        case .ela, .math: baseline + (baseline < 4950 ? 14 : baseline < 5050 ? 10 : 6)
        case .science: min(1000, baseline + max(4, (1000 - baseline) / 20))
        case .chronic: max(0, baseline - min(10, max(2, baseline / 15)))
        case .dropout: max(0, baseline - baseline / 10)
        case .graduation, .engagement: min(1000, baseline + max(1, (1000 - baseline) / 15))
        case .progress: min(1000, baseline + 15)
        case .advanced: min(1000, baseline + max(2, (1000 - baseline) / 30))
        }
    }

    /// From 2023 on targets of achievement lead back to where a group stood in 2019, or on from there; here it is the
    /// weaker that are behind.
    private static func path(_ measure: Measure, from baseline: Int, in year: Int) -> String {
        guard year >= 2023 else { return "" }
        return switch measure {
        case .ela, .math, .science: baseline < 5000 ? "recovery" : "forward"
        case .chronic, .dropout, .graduation, .engagement, .progress, .advanced: ""
        }
    }

    // MARK: Directives

    private func writeDirectives(_ file: inout TableFile) throws {
        let first = 1 + state.districts.count
        // The mean of both subjects and spans, in hundredths so that ties are rare; a tie goes to the lower code.
        let ranked = state.schools.indices
            .compactMap { index -> (school: Int, score: Int)? in
                var sum = Sum()
                for high in [false, true] {
                    sum += tally[first + index, 1, high, 0, .ela]
                    sum += tally[first + index, 1, high, 0, .math]
                }
                return sum.count >= 40 ? (index, sum.total * 100 / sum.count) : nil
            }
            .sorted { ($0.score, $0.school) < ($1.score, $1.school) }
        let schools = state.schools.count
        for (place, entry) in ranked.prefix(max(2, schools / 45)).enumerated() {
            let chronic = place % 8 == 1
            try writeDirective(
                &file,
                state.schools[entry.school].code,
                "designation",
                chronic ? "chronically_underperforming" : "underperforming",
                "\(year - 3 + place % 3)-10-15",
                chronic ? "No significant improvement under the turnaround plan" : "Low performance over several years"
            )
        }
        let placed = state.districts[state.districts.count / 2].code
        try writeDirective(
            &file,
            placed,
            "designation",
            "directed_focused",
            "\(year)-09-24",
            "Failure to meet mandatory data reporting deadlines"
        )
        let kinds = ["high_achievement", "high_growth", "exceeding_targets"]
        for (place, entry) in ranked.reversed().prefix(max(3, schools / 30)).enumerated() {
            try writeDirective(
                &file,
                state.schools[entry.school].code,
                "recognition",
                kinds[place % kinds.count],
                "\(year)-09-24",
                ""
            )
        }
    }

    private func writeDirective(
        _ file: inout TableFile,
        _ code: String,
        _ directive: String,
        _ kind: String,
        _ date: String,
        _ reason: String
    ) throws {
        file.write(year)
        file.write(code)
        file.write(directive)
        file.write(kind)
        file.write(date)
        file.write("")
        file.write(reason)
        file.write("Commissioner's decision of \(date)")
        // A rating and parts are of reviews and plans.
        file.write("")
        file.write("")
        try file.endRow()
    }
}
