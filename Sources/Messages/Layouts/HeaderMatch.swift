/// A header that fits a layout.
public struct HeaderMatch: Sendable, Hashable {
    /// The layout.
    public let layout: Layout
    /// For every column of the layout, in canonical order, its index in the file; `nil` if it is left out.
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
    /// - Returns: the layout, and the indexes of its columns.
    /// - Throws: ``LayoutError`` that names the nearest layout with its missing and extra columns.
    public static func recognize(header: [String], ignoringExtra: Bool = false) throws(LayoutError) -> HeaderMatch {
        // A first row of data often holds the same value twice: that it is no header is the cause to name.
        guard header.contains(where: isColumn) else { throw headless(header) }
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
        // The nearest is the one that shares most columns; of several the one that lacks fewest.
        guard
            let nearest = allCases.max(by: { left, right in
                (left.shared(with: header), -left.missing(in: header).count)
                    < (right.shared(with: header), -right.missing(in: header).count)
            })
        else { throw headless(header) }
        let missing = nearest.missing(in: header)
        let extra = nearest.extra(in: header)
        throw LayoutError(
            .unrecognized,
            "no layout has these columns; the nearest is \(nearest)" + difference(missing, extra, header),
            layout: nearest,
            missing: missing,
            extra: extra.filter(isColumn)
        )
    }

    /// Finds the columns of this layout in a header.
    ///
    /// - Parameters:
    ///   - header: the names of the columns in the file's order.
    ///   - ignoringExtra: whether columns that the layout does not have are passed over.
    /// - Returns: the indexes of the columns.
    /// - Throws: ``LayoutError`` with the missing and extra columns.
    public func match(header: [String], ignoringExtra: Bool = false) throws(LayoutError) -> HeaderMatch {
        guard header.contains(where: Layout.isColumn) else { throw Layout.headless(header) }
        try Layout.refuseDuplicates(header)
        let missing = missing(in: header)
        let extra = extra(in: header)
        guard missing.isEmpty && (ignoringExtra || extra.isEmpty) else {
            throw LayoutError(
                .columns,
                "the columns are not those of \(self)" + Layout.difference(missing, ignoringExtra ? [] : extra, header),
                layout: self,
                missing: missing,
                extra: extra.filter(Layout.isColumn)
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

    private func shared(with header: [String]) -> Int {
        columns.count { header.contains($0.name) }
    }

    private static func headless(_ header: [String]) -> LayoutError {
        LayoutError(
            .unrecognized,
            "none of the \(header.count) fields of the first row is the name of a column: the file needs a header row "
                + "(Schemas/layouts has the names)"
        )
    }

    private static func refuseDuplicates(_ header: [String]) throws(LayoutError) {
        var seen: [String: Int] = [:]
        for (place, name) in header.enumerated() {
            guard let first = seen.updateValue(place, forKey: name) else { continue }
            let what = isColumn(name) ? "the column \"\(name)\"" : "a column that no layout has"
            throw LayoutError(.duplicateColumn, "\(what) is there twice, as number \(first + 1) and \(place + 1)")
        }
    }

    private static let columnNames = Set(allCases.flatMap { $0.columns.map(\.name) })

    /// Whether any layout has a column of this name.
    ///
    /// Anything else may be a row of data, which no message may show.
    public static func isColumn(_ name: String) -> Bool { columnNames.contains(name) }

    /// Columns that a layout does not have.
    ///
    /// Columns of other layouts are named; the rest are numbered.
    public static func describe(extra: [String], in header: [String]) -> String {
        var parts = extra.filter(isColumn).map { "'\($0)'" }
        let places = header.indices.filter { extra.contains(header[$0]) && !isColumn(header[$0]) }.map { $0 + 1 }
        if !places.isEmpty {
            let shown = places.prefix(10).map(String.init).joined(separator: ", ") + (places.count > 10 ? ", …" : "")
            parts.append(
                places.count == 1
                    ? "one column that no layout has (number \(shown))"
                    : "\(places.count) columns that no layout has (numbers \(shown))"
            )
        }
        return parts.joined(separator: ", ")
    }

    private static func difference(_ missing: [String], _ extra: [String], _ header: [String]) -> String {
        var text = ""
        if !missing.isEmpty { text += "; missing: \(missing.joined(separator: ", "))" }
        if !extra.isEmpty {
            text += "; unknown (--ignore-extra passes over them): \(describe(extra: extra, in: header))"
        }
        return text
    }
}
