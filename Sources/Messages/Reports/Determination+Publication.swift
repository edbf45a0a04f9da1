extension Accountability_V1_Determination {
    /// The figures without publication data: revision, changes, causes and time.
    ///
    /// The same facts give the same figures, whatever was published before.
    public var withoutPublication: Accountability_V1_Determination {
        var figures = self
        figures.revision = 0
        figures.changes = []
        figures.cause = ""
        figures.causes = []
        figures.moreCauses = false
        figures.issuedUnixMilliseconds = 0
        return figures
    }

    /// Every submission that had a part in the revision; an earlier version of the program names only the latest.
    public var everyCause: [String] { causes.isEmpty && !cause.isEmpty ? [cause] : causes }

    /// The same in one field, with semicolons between.
    public var causeText: String { everyCause.joined(separator: ";") + (moreCauses ? ";…" : "") }
}

extension Accountability_V1_Publication {
    /// Its content, without revision number and time of publication.
    public var withoutRevision: Accountability_V1_Publication {
        var shown = self
        shown.revision = 0
        shown.issuedUnixMilliseconds = 0
        return shown
    }
}
