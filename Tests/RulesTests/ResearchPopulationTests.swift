internal import PublishedFigures
internal import Rules
internal import Testing

/// Among whom the 2019 research file ranks: the evidence that percentile.indicator_population cites, for and against
/// what is computed.
@Suite(.enabled(if: PublishedData.has("subgroup-percentile-2019-high.csv.gz"), "the published figures are not there"))
struct ResearchPopulationTests {
    /// A figure of the file and the percentile it is printed with.
    private struct Rank: Sendable {
        let value: String
        let percentile: String
        var lowerIsBetter = false
    }

    /// How many printed percentiles are exact among the given rows alone, and how many there are.
    private func exact(_ rank: Rank, among rows: [[String: String]]) throws -> (exact: Int, all: Int) {
        let parameters = try #require(try Framework.of(schoolYear: 2019).percentile)
        let population = RankedPopulation(
            rows.compactMap { printed($0[rank.value]) },
            lowerIsBetter: rank.lowerIsBetter,
            parameters
        )
        var counts = (exact: 0, all: 0)
        for row in rows {
            guard let value = printed(row[rank.value]), let percentile = row[rank.percentile].flatMap({ Int($0) })
            else { continue }
            counts.all += 1
            if population.percentile(of: value) == percentile { counts.exact += 1 }
        }
        return counts
    }

    /// The index of the three subjects, both growth percentiles, and the means of both categories, of 2019.
    private static let achievementAndGrowth = [
        Rank(value: "AZ", percentile: "BA"), Rank(value: "BB", percentile: "BC"), Rank(value: "BD", percentile: "BE"),
        Rank(value: "BF", percentile: "BG"), Rank(value: "BH", percentile: "BI"), Rank(value: "BJ", percentile: "BK"),
        Rank(value: "BL", percentile: "BM"),
    ]

    /// Graduation, engagement, dropout, absenteeism and advanced coursework.
    private static let others = [
        Rank(value: "BN", percentile: "BO"), Rank(value: "BP", percentile: "BQ"),
        Rank(value: "BR", percentile: "BS", lowerIsBetter: true),
        Rank(value: "BZ", percentile: "CA", lowerIsBetter: true), Rank(value: "CB", percentile: "CC"),
    ]

    @Test func achievementAndGrowthOfHighSchoolsRankWithinTheSheet() throws {
        let rows = try PublishedData.rows("subgroup-percentile-2019-high.csv.gz")
        let groups = Dictionary(grouping: rows) { $0["G"].flatMap { StudentGroup(name: $0) } }
        #expect(groups.count == 8 && groups[nil] == nil)
        var within: Set<StudentGroup> = []
        var percentiles = 0
        for (group, members) in groups {
            let counts = try Self.achievementAndGrowth.map { try exact($0, among: members) }
            guard let group, counts.allSatisfy({ $0.exact == $0.all }) else { continue }
            within.insert(group)
            percentiles += counts.map(\.all).reduce(0, +)
        }
        print(
            "high schools 2019: \(percentiles) ranks of achievement and growth exact within the sheet, in \(within.count) of 8 groups"
        )
        #expect(within == Set(groups.keys.compactMap { $0 }).subtracting([.elFormerEL]))
        #expect(percentiles == 6 * 998 + 989)
    }

    @Test func theOtherIndicatorsOfHighSchoolsRankMoreWidely() throws {
        let rows = try PublishedData.rows("subgroup-percentile-2019-high.csv.gz")
        for (group, members) in Dictionary(grouping: rows, by: { $0["G"] ?? "" }) {
            for rank in Self.others {
                let counts = try exact(rank, among: members)
                #expect(counts.exact < counts.all, "\(group) \(rank.value)")
            }
        }
    }

    @Test func absenteeismOfElementarySchoolsRanksAmongThemAlone() throws {
        let rows = try PublishedData.rows("subgroup-percentile-2019-non-high.csv.gz")
        let absenteeism = Rank(value: "BF", percentile: "BG", lowerIsBetter: true)
        var (alone, all, among) = (0, 0, 0)
        for (_, members) in Dictionary(grouping: rows, by: { $0["G"] ?? "" }) {
            let elementary = members.filter { $0["E"] == "ES" }
            let counts = try exact(absenteeism, among: elementary)
            alone += counts.exact
            all += counts.all
            among += try exact(absenteeism, among: members).exact
        }
        print(
            "elementary schools 2019: absenteeism \(alone) of \(all) exact among themselves; of all non-high rows \(among) are among all"
        )
        #expect(alone == 2254 && all == 2254)
        #expect(among == 189)
    }
}
