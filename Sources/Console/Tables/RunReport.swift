package import Reading

/// How far the stages of an installation have come, and what is wrong.
package struct RunReport: Hashable, Sendable {
    /// What `accountability status` says.
    package var status: StatusReport
    /// Where each stage stands in each partition of its topics.
    package var positions: [LagReader.Position]

    package init(status: StatusReport, positions: [LagReader.Position]) {
        self.status = status
        self.positions = positions
    }
}
