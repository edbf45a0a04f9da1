/// Organizations in a range of a percentage.
package struct PercentBin: Sendable, Hashable {
    package let lowest: Int
    package let highest: Int
    package let count: Int

    /// Percentages in ranges of five; the last one takes 100 too.
    package static func of(_ percentages: [Int]) -> [PercentBin] {
        (0..<20)
            .map { index in
                let highest = index == 19 ? 100 : index * 5 + 4
                return PercentBin(
                    lowest: index * 5,
                    highest: highest,
                    count: percentages.count { (index * 5...highest).contains($0) }
                )
            }
    }
}

/// The figures of an organization in a year that are drawn over the years.
package struct YearFigures: Sendable, Hashable {
    package let year: Int
    package let cumulative: Int?
    package let annual: Int?
    package let percentile: Int?

    package init(year: Int, cumulative: Int?, annual: Int?, percentile: Int?) {
        self.year = year
        self.cumulative = cumulative
        self.annual = annual
        self.percentile = percentile
    }
}
