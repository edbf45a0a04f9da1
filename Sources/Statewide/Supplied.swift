import Messages

/// The files that do not have a row a student: organizations, targets, directives, values already computed.
struct Supplied {
    private let generator: Generator
    let state: State
    let year: Int
    private let seed: UInt64
    /// Sums of the state, the districts and the schools, in this order.
    var tally: Tally
    private let ranking: Ranking
    private let organizations: [Organization]

    private struct Organization {
        var code: String
        /// Nil of the state and of districts.
        var school: School?

        /// Only schools have peers: districts and the state have no percentile.
        func comparisonGroup(in year: Int) -> String { school?.comparisonGroup(in: year) ?? "" }
        func isOpen(in year: Int) -> Bool { school?.years.contains(year) ?? true }
        /// The Department sets no targets for a school without tested grades.
        func hasTargets(in year: Int) -> Bool { isOpen(in: year) && school?.isTested(in: year) ?? true }
    }

    init(_ generator: Generator) {
        self.generator = generator
        state = generator.state
        year = generator.plan.year
        seed = generator.plan.seed
        let state = generator.state
        let first = 1 + state.districts.count
        tally = Tally(organizations: first + state.schools.count)
        ranking = generator.ranking
        for (index, school) in state.schools.enumerated() {
            for target in [0, 1 + school.district, first + index] {
                tally.merge(generator.tally, from: index, into: target)
            }
        }
        organizations =
            [Organization(code: "00000000")] + state.districts.map { Organization(code: $0.code) }
            + state.schools.map { Organization(code: $0.code, school: $0) }
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
        let grades = state.schools[index].grades(in: 1 + offset)
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
        for (index, school) in state.schools.enumerated() where school.years.contains(1 + offset) {
            let grades = school.grades(in: 1 + offset)
            districts[school.district] += counts[index]
            whole += counts[index]
            let before = served[school.district]
            served[school.district] = (
                min(before.lowest, grades.lowerBound), max(before.highest, grades.upperBound),
                before.title1 || school.title1
            )
        }
        let all = School(grades: -1...12)
        try writeOrganization(&file, offset, "00000000", "state", "State Totals", all, whole, "", "")
        for (index, district) in state.districts.enumerated() {
            // A district whose only school opens later, or has closed, is not there.
            guard served[index].lowest <= served[index].highest else { continue }
            var span = School(grades: served[index].lowest...served[index].highest)
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
        for (index, school) in state.schools.enumerated() where school.years.contains(1 + offset) {
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
        file.write(type == "school" ? school.type(in: 1 + offset) : "")
        file.write(type == "school" ? school.comparisonGroup(in: 1 + offset) : "")
        file.write(School.list(school.grades(in: 1 + offset)))
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
                            let sum = tally[index, 1 + offset, high, group, measure]
                            // Smaller groups are not published, not even as counts.
                            guard sum.count >= 10 else { continue }
                            file.write(year - 1 + offset)
                            file.write(organization.code)
                            file.write(organization.comparisonGroup(in: 1 + offset))
                            file.write(high ? "high" : "non_high")
                            file.write(name)
                            file.write(measure.indicator)
                            file.write(tenths: sum.tenths(of: measure))
                            file.write(sum.count)
                            writeSchool(&file, organization, index, offset)
                            // The quartile is of EL progress, which student files cover.
                            file.write("")
                            try file.endRow()
                        }
                    }
                }
            }
        }
    }

    /// The kind and the enrolment of a school, as the organizations have them; empty of districts and the state.
    private func writeSchool(_ file: inout TableFile, _ organization: Organization, _ index: Int, _ offset: Int) {
        guard let school = organization.school else {
            for _ in 0..<3 { file.write("") }
            return
        }
        let count = headcount(index - 1 - state.districts.count, offset)
        file.write(school.type(in: 1 + offset))
        file.write(count.nonHigh)
        file.write(count.high)
    }

    private func writeTargets(_ file: inout TableFile) throws {
        for offset in 0...1 {
            for index in organizations.indices where organizations[index].hasTargets(in: 1 + offset) {
                for high in [false, true] {
                    for (group, name) in Supplied.groupNames.enumerated() {
                        // A target starts from the value of the year before.
                        let sums = Measure.allCases.map { ($0, tally[index, offset, high, group, $0]) }
                        try writeTargets(&file, offset, index, high, name, sums)
                        guard group == 0 else { continue }
                        let lowest = ranking.lowestQuarter(index, offset, high: high)
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
            // The year in which the measure became another one has no value to start from.
            let isIndexed = generator.scale.isIndexed(measure, high: high, year: 1 + offset)
            guard isIndexed == generator.scale.isIndexed(measure, high: high, year: offset) else { continue }
            let baseline = sum.tenths(of: measure)
            file.write(year - 1 + offset)
            file.write(organizations[index].code)
            file.write(high ? "high" : "non_high")
            file.write(group)
            file.write(measure.indicator)
            file.write(tenths: baseline)
            file.write(tenths: Supplied.target(measure, from: baseline, isIndexed: isIndexed))
            file.write(Supplied.path(measure, from: baseline, in: year - 1 + offset))
            try file.endRow()
        }
    }

    /// A year's step towards the goal in tenths: the further away, the longer.
    ///
    /// Steps are longer than the tolerances of the targets for those who are far away, and shorter near the goal.
    private static func target(_ measure: Measure, from baseline: Int, isIndexed: Bool) -> Int {
        switch measure {
        case .ela, .math, .science:
            isIndexed
                ? min(1000, baseline + max(6, (1000 - baseline) / 10))
                : min(5600, baseline + (baseline < 4950 ? 18 : baseline < 5050 ? 12 : 4))
        case .chronic: max(0, baseline - min(25, max(3, baseline / 10)))
        case .dropout: max(0, baseline - max(1, baseline * 2 / 3))
        case .graduation, .engagement: min(1000, baseline + max(2, (1000 - baseline) / 8))
        case .progress: min(1000, baseline + (baseline < 450 ? 60 : baseline < 600 ? 45 : 20))
        case .advanced: min(1000, baseline + (baseline < 600 ? 25 : baseline < 750 ? 15 : 6))
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
}
