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
}
