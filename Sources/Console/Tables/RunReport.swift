package import Reading

/// The progress of an installation's stages, and what is wrong.
package struct RunReport: Hashable, Sendable {
    /// The report of `accountability status`.
    package var status: StatusReport
    /// The position of each stage in each partition of its topics.
    package var positions: [LagReader.Position]

    package init(status: StatusReport, positions: [LagReader.Position]) {
        self.status = status
        self.positions = positions
    }

    /// How many records each stage is further behind than at an earlier check; fewer are negative.
    func changes(since other: RunReport?) -> [String: Int] {
        guard let other else { return [:] }
        func behind(_ report: RunReport) -> [String: Int] {
            report.positions.reduce(into: [:]) { $0[$1.stage, default: 0] += Int($1.behind) }
        }
        return behind(self).merging(behind(other).mapValues { -$0 }) { $0 + $1 }
    }
}
