/// A header that fits a layout.
public struct HeaderMatch: Sendable, Hashable {
    /// The layout.
    public let layout: Layout
    /// For every column of the layout, in canonical order, where it stands in the file; `nil` if it is left out.
    public let positions: [Int?]
    /// The columns of the file that the layout does not have.
    public let ignored: [String]
}

extension Layout {
    /// Finds the layout that a header is of.
    ///
    /// - Parameters:
    ///   - header: the names of the columns in the file's order.
    ///   - ignoringExtra: whether columns that no layout has are passed over.
    /// - Returns: the layout, and where its columns stand.
    /// - Throws: ``LayoutError`` naming the nearest layout with what is missing and what is too much.
    public static func recognize(header: [String], ignoringExtra: Bool = false) throws(LayoutError) -> HeaderMatch {
        try refuseDuplicates(header)
        let fits = allCases.filter { layout in
            layout.missing(in: header).isEmpty && (ignoringExtra || layout.extra(in: header).isEmpty)
        }
        // Of several, the one that leaves the fewest columns over; a layout cannot be a part of another (a test).
        let least = fits.map { $0.extra(in: header).count }.min()
        let best = fits.filter { $0.extra(in: header).count == least }
        if best.count > 1 {
            throw LayoutError(
                .ambiguous,
                "the header fits \(best.map(\.wireName).joined(separator: " and ")): name one with --layout",
                layout: best[0]
            )
        }
        if let layout = best.first { return layout.located(in: header) }
        guard
            let nearest = allCases.min(by: { left, right in left.distance(to: header) < right.distance(to: header) })
        else { throw LayoutError(.unrecognized, "there are no layouts") }
        let missing = nearest.missing(in: header)
        let extra = nearest.extra(in: header)
        throw LayoutError(
            .unrecognized,
            "no layout has these columns; the nearest is \(nearest)" + Layout.difference(missing, extra),
            layout: nearest,
            missing: missing,
            extra: extra
        )
    }

    /// Finds the columns of this layout in a header.
    ///
    /// - Parameters:
    ///   - header: the names of the columns in the file's order.
    ///   - ignoringExtra: whether columns that the layout does not have are passed over.
    /// - Returns: where the columns stand.
    /// - Throws: ``LayoutError`` with what is missing and what is too much.
    public func match(header: [String], ignoringExtra: Bool = false) throws(LayoutError) -> HeaderMatch {
        try Layout.refuseDuplicates(header)
        let missing = missing(in: header)
        let extra = extra(in: header)
        guard missing.isEmpty && (ignoringExtra || extra.isEmpty) else {
            throw LayoutError(
                .columns,
                "the columns are not those of \(self)" + Layout.difference(missing, ignoringExtra ? [] : extra),
                layout: self,
                missing: missing,
                extra: extra
            )
        }
        return located(in: header)
    }

    private func located(in header: [String]) -> HeaderMatch {
        HeaderMatch(
            layout: self,
            positions: columns.map { header.firstIndex(of: $0.name) },
            ignored: extra(in: header)
        )
    }

    private func missing(in header: [String]) -> [String] {
        columns.filter { $0.presence != .optional && !header.contains($0.name) }.map(\.name)
    }

    private func extra(in header: [String]) -> [String] {
        let names = columns.map(\.name)
        return header.filter { !names.contains($0) }
    }

    private func distance(to header: [String]) -> Int {
        missing(in: header).count + extra(in: header).count
    }

    private static func refuseDuplicates(_ header: [String]) throws(LayoutError) {
        var seen: Set<String> = []
        for name in header where !seen.insert(name).inserted {
            throw LayoutError(.duplicateColumn, "the column \"\(name)\" is there twice")
        }
    }

    private static func difference(_ missing: [String], _ extra: [String]) -> String {
        var text = ""
        if !missing.isEmpty { text += "; missing: \(missing.joined(separator: ", "))" }
        if !extra.isEmpty { text += "; unknown (--ignore-extra passes over them): \(extra.joined(separator: ", "))" }
        return text
    }
}
