internal import Messages
internal import Rules
internal import Streaming

/// Notes on supplied values that do not count, because student records stand in for them, and on those that count
/// again.
struct SuppliedShadow {
    /// The names of the submissions of supplied values.
    var texts = TextTable()
    private let rejection = SuppliedRejection(output: IndicatorStage.Topic.rejections, layout: .indicatorValues)

    /// Tells what a new contribution changed: the value that it replaced is gone, its first student records shadow
    /// supplied values, and those of which it replaced the last student record count again.
    func tell(
        _ change: IndicatorContributions.Change,
        in contributions: IndicatorContributions,
        cause: String,
        to output: TaskOutput
    ) throws {
        if let replaced = change.replaced {
            try tellSupplied(of: replaced, in: contributions, cause: cause, to: output)
        }
        for (source, place) in change.begun {
            try tell(source, at: place, in: contributions, cause: cause, to: output)
        }
        if let replaced = change.replaced {
            try tellEnded(by: replaced, in: contributions, cause: cause, to: output)
        }
    }

    /// Tells what the removal of a contribution changed.
    func tell(
        _ removed: IndicatorContributions.Removed,
        in contributions: IndicatorContributions,
        cause: String,
        to output: TaskOutput
    ) throws {
        try tellSupplied(of: removed, in: contributions, cause: cause, to: output)
        try tellEnded(by: removed, in: contributions, cause: cause, to: output)
    }

    /// Tells of a new supplied value that it does not count, if student records stand in for it.
    func tell(
        _ supplied: SuppliedIndicator,
        of organization: OrganizationYear,
        in contributions: IndicatorContributions,
        cause: String,
        to output: TaskOutput
    ) throws {
        guard let place = contributions.organizations.find(organization),
            contributions.state(place).shadows(supplied.cell.indicator)
        else { return }
        try rejection.publish(supplied.row, of: organization, texts: texts, cause: cause, to: output)
    }

    /// Closes the note on a supplied value that was removed.
    private func tellSupplied(
        of removed: IndicatorContributions.Removed,
        in contributions: IndicatorContributions,
        cause: String,
        to output: TaskOutput
    ) throws {
        guard let supplied = removed.supplied,
            contributions.state(removed.place).shadows(supplied.cell.indicator)
        else { return }
        let organization = contributions.organizations.organizations[Int(removed.place)]
        try rejection.publish(
            supplied.row,
            of: organization,
            texts: texts,
            closedBy: cause,
            cause: cause,
            to: output
        )
    }

    /// Closes the notes on the supplied values that nothing shadows since a student record was removed.
    private func tellEnded(
        by removed: IndicatorContributions.Removed,
        in contributions: IndicatorContributions,
        cause: String,
        to output: TaskOutput
    ) throws {
        guard !removed.sources.isEmpty else { return }
        for place in contributions.owners(of: removed.place) {
            for source in removed.sources where contributions.state(place).count(source) == 0 {
                try tell(
                    source,
                    at: place,
                    closedBy: cause,
                    in: contributions,
                    cause: cause,
                    to: output
                )
            }
        }
    }

    /// Tells that the supplied values of a place do not count, because it has its first student record of a source, or
    /// that they count again.
    private func tell(
        _ source: StudentSource,
        at place: Int32,
        closedBy: String = "",
        in contributions: IndicatorContributions,
        cause: String,
        to output: TaskOutput
    ) throws {
        for supplied in contributions.state(place).supplied
        where StudentSource(of: supplied.cell.indicator) == source {
            try rejection.publish(
                supplied.row,
                of: contributions.organizations.organizations[Int(place)],
                texts: texts,
                closedBy: closedBy,
                cause: cause,
                to: output
            )
        }
    }
}
