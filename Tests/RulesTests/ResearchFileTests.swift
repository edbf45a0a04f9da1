internal import PublishedFigures
internal import Rules
internal import Testing

/// The columns of a sheet of the 2019 research file that a step is made from and printed in.
private struct Sheet: Sendable, CustomTestStringConvertible {
    let file: String
    let span: GradeSpan
    /// The printed indicator percentiles, the category mean, its category, and the category percentile.
    let categories: [(year: Int, category: IndicatorCategory, indicators: [String], mean: String, percentile: String)]
    /// The printed overall mean by year.
    let overall: [Int: String]
    let weighted: String
    let final: String
    let rows: Int
    var testDescription: String { file }

    static let nonHigh = Sheet(
        file: "subgroup-percentile-2019-non-high.csv.gz",
        span: .nonHigh,
        categories: [
            (2018, .achievement, ["I", "K", "M"], "N", "O"), (2018, .growth, ["Q", "S"], "T", "U"),
            (2018, .elProgress, ["W"], "X", "Y"), (2018, .additional, ["AA"], "AB", "AC"),
            (2019, .achievement, ["AO", "AQ", "AS"], "AT", "AU"), (2019, .growth, ["AW", "AY"], "AZ", "BA"),
            (2019, .elProgress, ["BC"], "BD", "BE"), (2019, .additional, ["BG"], "BH", "BI"),
        ],
        overall: [2018: "AM", 2019: "BS"],
        weighted: "BT",
        final: "BU",
        rows: 3724
    )

    static let high = Sheet(
        file: "subgroup-percentile-2019-high.csv.gz",
        span: .high,
        categories: [
            (2018, .achievement, ["I", "K", "M"], "N", "O"), (2018, .growth, ["Q", "S"], "T", "U"),
            (2018, .highSchoolCompletion, ["W", "Y", "AA"], "AB", "AC"), (2018, .elProgress, ["AE"], "AF", "AG"),
            (2018, .additional, ["AI", "AK"], "AL", "AM"),
            (2019, .achievement, ["BA", "BC", "BE"], "BF", "BG"), (2019, .growth, ["BI", "BK"], "BL", "BM"),
            (2019, .highSchoolCompletion, ["BO", "BQ", "BS"], "BT", "BU"), (2019, .elProgress, ["BW"], "BX", "BY"),
            (2019, .additional, ["CA", "CC"], "CD", "CE"),
        ],
        overall: [2018: "AY", 2019: "CQ"],
        weighted: "CR",
        final: "CS",
        rows: 1049
    )
}

@Suite(.enabled(if: PublishedData.has("subgroup-percentile-2019-high.csv.gz"), "the published figures are not there"))
struct ResearchFileTests {
    /// A hundred-thousandth: the file's own figures are binary.
    static let noise = decimal("0.00001")

    /// 603 CMR 2.03(2)(c).
    @Test(arguments: [Sheet.nonHigh, Sheet.high])
    fileprivate func finalPercentileFromThePrintedWeightedMeans(sheet: Sheet) throws {
        let parameters = try #require(try Framework.of(schoolYear: 2019).percentile)
        var groups: [String: [(mean: Ratio, percentile: Int)]] = [:]
        for row in try PublishedData.rows(sheet.file) {
            guard let mean = printed(row[sheet.weighted]), let percentile = row[sheet.final].flatMap({ Int($0) }) else {
                continue
            }
            groups[try #require(row["G"]), default: []].append((mean, percentile))
        }
        var exact = 0
        for (group, rows) in groups {
            #expect(StudentGroup(name: group) != nil, "\(group)")
            let population = RankedPopulation(rows.map(\.mean), lowerIsBetter: false, parameters)
            for row in rows where population.percentile(of: row.mean) == row.percentile { exact += 1 }
        }
        print("\(sheet.file): \(exact) of \(sheet.rows) final percentiles exact")
        #expect(exact == sheet.rows)
    }

    @Test(arguments: [Sheet.nonHigh, Sheet.high])
    fileprivate func meansFromThePrintedPercentiles(sheet: Sheet) throws {
        let framework = try Framework.of(schoolYear: 2019)
        let weights = try #require(framework.weights)
        let yearWeights = try #require(framework.percentile).yearWeights.value
        var (checked, wrong) = (0, 0)
        func compare(_ computed: Ratio?, _ column: String?) throws {
            guard let column = printed(column) else { return }
            checked += 1
            if try computed.map({ try ($0 - column).magnitude > Self.noise }) ?? true { wrong += 1 }
        }
        for row in try PublishedData.rows(sheet.file) {
            var yearMeans: [Int: Ratio] = [:]
            for (year, overall) in sheet.overall {
                let steps = sheet.categories.filter { $0.year == year }
                let hasProgress = steps.contains { $0.category == .elProgress && row[$0.percentile] != nil }
                let column = weights.weights(sheet.span, hasProgress ? .withELProgress : .withoutELProgress).value
                var sum = Ratio.zero
                for step in steps {
                    try compare(try Ratio.mean(step.indicators.compactMap { printed(row[$0]) }), row[step.mean])
                    if let percentile = printed(row[step.percentile]), let weight = column[step.category] {
                        sum = try sum + percentile * weight / .hundred
                    }
                }
                guard row[overall] != nil else { continue }
                try compare(sum, row[overall])
                yearMeans[year] = sum
            }
            guard let current = yearMeans[2019] else { continue }
            var weighted = current
            if let prior = yearMeans[2018] {
                weighted = try (current * (yearWeights[0] ?? .zero) + prior * (yearWeights[1] ?? .zero)) / .hundred
            }
            try compare(weighted, row[sheet.weighted])
        }
        print("\(sheet.file): \(checked - wrong) of \(checked) category, year and weighted means exact")
        #expect(checked > 5 * sheet.rows)
        #expect(wrong == 0)
    }
}
