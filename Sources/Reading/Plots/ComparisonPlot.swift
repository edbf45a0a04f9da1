internal import Rules

extension Plots {
    /// Organizations on one element, a row each: the newest years as marks on one scale.
    ///
    /// - Parameters:
    ///   - name: tells the drawing from others of the page.
    ///   - element: what is compared.
    ///   - years: those that are drawn, the newest first; at most three have marks of their own.
    ///   - rows: the name of each organization, with its value of each year.
    /// - Returns: the drawing.
    package static func compared(
        _ name: String,
        _ element: ComparedElement,
        years: [Int],
        rows: [(name: String, values: [Double?])]
    ) -> String {
        let (left, right, top, step) = (250.0, 630.0, 12.0, 24.0)
        let base = top + step * Double(rows.count)
        let found = zip(rows, rows.map { $0.values.first ?? nil })
            .compactMap { row, value in value.map { (row.name, $0) } }
        let low = found.min { $0.1 < $1.1 }
        let high = found.max { $0.1 < $1.1 }
        var drawing = Drawing(
            name,
            width: 660,
            height: Int(base) + 50,
            title: "\(element.title) of \(Words.count(rows.count, "organization"))",
            about: (low.map { "lowest of \(years.first.map(SchoolYear.title) ?? ""): \($0.0)" }
                ?? "no figure of this year")
                + (high.map { "; highest: \($0.0)" } ?? "") + "; the table below has the same numbers"
        )
        func x(_ value: Double) -> Double {
            let (first, last) = (Double(element.scale.lowerBound), Double(element.scale.upperBound))
            return left + (right - left) * min(max((value - first) / (last - first), 0), 1)
        }
        for part in 0...4 {
            let value = element.scale.lowerBound + element.scale.count / 4 * part
            drawing.line(x(Double(value)), top, x(Double(value)), base, "grid")
            drawing.words(String(value), x(Double(value)), base + 16, anchor: "middle")
        }
        for (index, row) in rows.enumerated() {
            let y = top + step * (Double(index) + 0.5)
            drawing.line(left, y, right, y, "axis")
            drawing.words(shortened(row.name), left - 10, y + 4, anchor: "end", index == 0 ? "label strong" : "label")
            // The newest year is drawn last, above the others.
            for (series, value) in row.values.enumerated().reversed() {
                if let value { drawing.mark(series, x(value), y, "mark series-\(series)") }
            }
        }
        for (series, year) in years.enumerated() {
            let place = left + Double(series) * 110
            drawing.mark(series, place, base + 36, "mark series-\(series)")
            drawing.words(SchoolYear.title(year), place + 12, base + 40)
        }
        return drawing.markup
    }

    /// A name that has room beside a row.
    private static func shortened(_ name: String) -> String { name.count > 34 ? name.prefix(33) + "…" : name }
}
