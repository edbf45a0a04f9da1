extension Accountability_V1_Determination {
    /// The figures without what belongs to their publication: revision, changes, causes and time.
    ///
    /// The same facts give the same figures, whatever was published before.
    public var withoutPublication: Accountability_V1_Determination {
        var figures = self
        figures.revision = 0
        figures.changes = []
        figures.cause = ""
        figures.issuedUnixMilliseconds = 0
        return figures
    }
}
