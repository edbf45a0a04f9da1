package import Rules

/// The plots of the pages and of the printed reports; the figures beside them stand in a table beside them.
///
/// The places of a drawing are floating-point numbers; no figure is made here.
package enum Plots {
    /// How many schools have each percentile, with the cut.
    package static func percentiles(_ counts: [Int: Int], cut: Int?) -> String {
        let below = counts.filter { $0.key <= cut ?? 0 }.values.reduce(0, +)
        let all = counts.values.reduce(0, +)
        var drawing = Drawing(
            "percentiles",
            width: 660,
            height: 132,
            title: "Schools by accountability percentile",
            about: "\(Words.count(all, "school")) with a percentile"
                + (cut.map { "; \(below) of them at \($0) or below, which is a reason for assistance" } ?? "")
        )
        let left = 14.0
        let step = 6.35
        let base = 98.0
        let most = Double(max(counts.values.max() ?? 1, 1))
        if let cut {
            drawing.rectangle(left, 14, Double(cut) * step, base - 14, "zone")
        }
        for percentile in 1...99 {
            guard let count = counts[percentile] else { continue }
            let height = max(3, 72 * Double(count) / most)
            let kind = percentile <= cut ?? 0 ? "bar low" : "bar"
            drawing.rectangle(left + Double(percentile - 1) * step + 0.7, base - height, step - 1.4, height, kind)
        }
        drawing.line(left, base + 0.5, left + 99 * step, base + 0.5, "axis")
        for tick in [1, 10, 25, 50, 75, 90, 99] {
            let x = left + (Double(tick) - 0.5) * step
            drawing.line(x, base + 0.5, x, base + 5, "axis")
            drawing.words(String(tick), x, base + 20, anchor: "middle")
        }
        if let cut {
            let x = left + Double(cut) * step
            drawing.line(x, 8, x, base, "cut")
            drawing.words("cut: \(cut) and below, \(Words.count(below, "school"))", x + 6, 18, "label strong")
        }
        return drawing.markup
    }

    /// How the cumulative percentages are spread, with the bands.
    package static func cumulative(_ bins: [PercentBin], bands: [(minimum: Int, title: String)]) -> String {
        let all = bins.reduce(0) { $0 + $1.count }
        let most = bins.max { $0.count < $1.count }
        var drawing = Drawing(
            "cumulative",
            width: 660,
            height: 220,
            title: "How the cumulative percentages are spread",
            about: "\(all) with a cumulative percentage"
                + (most.map { "; the range with the most, \($0.count), is \($0.lowest) to \($0.highest) percent" } ?? "")
        )
        let left = 14.0
        let step = 6.3
        let base = 180.0
        let height = 140.0
        for band in bands where band.minimum > 0 {
            let x = left + Double(band.minimum) * step
            drawing.line(x, 26, x, base, "cut")
        }
        for (index, band) in bands.enumerated() {
            let ceiling = index == 0 ? 100 : bands[index - 1].minimum
            let x = left + Double(band.minimum + ceiling) / 2 * step
            drawing.words(band.title, x, 16, anchor: "middle", "label strong")
        }
        let peak = Double(max(most?.count ?? 1, 1))
        for bin in bins where bin.count > 0 {
            let size = max(2, height * Double(bin.count) / peak)
            let x = left + Double(bin.lowest) * step + 1
            drawing.rectangle(x, base - size, 5 * step - 2, size, "bar")
            drawing.words(String(bin.count), x + 2.5 * step - 1, base - size - 5, anchor: "middle", "label small")
        }
        drawing.line(left, base + 0.5, left + 100 * step, base + 0.5, "axis")
        for tick in stride(from: 0, through: 100, by: 25) {
            let x = left + Double(tick) * step
            drawing.line(x, base + 0.5, x, base + 5, "axis")
            drawing.words("\(tick) %", x, base + 22, anchor: tick == 0 ? "start" : tick == 100 ? "end" : "middle")
        }
        return drawing.markup
    }

    /// An organization's figures over the years.
    package static func history(_ history: [YearFigures]) -> String {
        let series: [(name: String, read: (YearFigures) -> Int?)] = [
            ("Cumulative %", \.cumulative), ("Annual %", \.annual), ("Percentile", \.percentile),
        ]
        var drawing = Drawing(
            "history",
            width: 660,
            height: 240,
            title: "Percentages and percentile over the years",
            about:
                "From \(history.first?.year ?? 0) to \(history.last?.year ?? 0); the table below has the same figures"
        )
        let (left, right, top, base) = (40.0, 530.0, 16.0, 204.0)
        let first = history.first?.year ?? 0
        let span = max((history.last?.year ?? 0) - first, 1)
        func x(_ year: Int) -> Double { left + (right - left) * Double(year - first) / Double(span) }
        func y(_ value: Int) -> Double { base - (base - top) * Double(value) / 100 }
        for value in [0, 25, 50, 75, 100] {
            drawing.line(left, y(value), right, y(value), value == 0 ? "axis" : "grid")
            drawing.words(String(value), left - 8, y(value) + 4, anchor: "end")
        }
        for moment in history {
            drawing.words(SchoolYear.title(moment.year), x(moment.year), base + 22, anchor: "middle")
        }
        var taken: [Double] = []
        for (index, entry) in series.enumerated() {
            let points = history.compactMap { moment in
                entry.read(moment).map { (x: x(moment.year), y: y($0)) }
            }
            guard let last = points.last else { continue }
            drawing.path(points, "line series-\(index)")
            for point in points { drawing.mark(index, point.x, point.y, "mark series-\(index)") }
            // A label moves down where it has no room; each of those above is passed once.
            var place = last.y + 4
            for other in taken.sorted() where abs(other - place) < 15 { place = other + 16 }
            taken.append(place)
            drawing.words(entry.name, last.x + 12, place, "label strong")
        }
        return drawing.markup
    }

    /// How many have each level, a bar a year; the parts of a bar stand in one order and have their numbers.
    ///
    /// - Parameters:
    ///   - years: counts by level of each year, the oldest first.
    ///   - names: of the levels, in the order of the bar.
    /// - Returns: the drawing.
    package static func levels(_ years: [(year: Int, counts: [Int])], names: [String]) -> String {
        let row = 46.0
        let top = 14.0
        let legend = Double((names.count + 1) / 2) * 20 + 16
        let height = Int(top + row * Double(years.count) + legend)
        let totals = years.map { $0.counts.reduce(0, +) }
        var drawing = Drawing(
            "levels",
            width: 660,
            height: height,
            title: "Determinations by level, year by year",
            about: zip(years, totals).map { "\(SchoolYear.title($0.year)): \($1)" }.joined(separator: ", ")
                + "; the table below has the same figures"
        )
        let left = 66.0
        let width = 580.0
        for (index, entry) in years.enumerated() {
            let y = top + row * Double(index)
            drawing.words(SchoolYear.title(entry.year), left - 10, y + 20, anchor: "end", "label strong")
            var x = left
            for (level, count) in entry.counts.enumerated() where count > 0 {
                let size = width * Double(count) / Double(max(totals[index], 1))
                drawing.rectangle(x, y, size, 30, "level level-\(level)")
                if size > 26 { drawing.words(Words.grouped(count), x + size / 2, y + 19, anchor: "middle", "inside") }
                x += size
            }
        }
        for (index, name) in names.enumerated() {
            let x = left + Double(index % 2) * 300
            let y = top + row * Double(years.count) + Double(index / 2) * 20 + 6
            drawing.rectangle(x, y, 12, 12, "level level-\(index)")
            drawing.words(name, x + 18, y + 11)
        }
        return drawing.markup
    }

    /// A value against its target, and where it was before.
    package static func bullet(_ points: PointsReport) -> String {
        var drawing = Drawing("bullet", width: 132, height: 18, title: "", about: "")
        let scale: (low: Double, high: Double) =
            points.indicator.isRate || points.indicator.category == .growth
            ? (0, 100) : (points.current ?? points.target ?? .zero) > .hundred ? (440, 560) : (0, 100)
        func x(_ value: Ratio) -> Double {
            let number = Double(value.numerator) / Double(value.denominator)
            return 1 + 130 * min(max((number - scale.low) / (scale.high - scale.low), 0), 1)
        }
        drawing.rectangle(1, 5, 130, 8, "track")
        if let current = points.current { drawing.rectangle(1, 5, max(1, x(current) - 1), 8, "fill") }
        if let prior = points.prior { drawing.line(x(prior), 3, x(prior), 15, "before") }
        if let target = points.target { drawing.line(x(target), 0, x(target), 18, "target") }
        return drawing.silentMarkup
    }

    /// A share as a bar.
    package static func share(_ count: Int, of most: Int) -> String {
        var drawing = Drawing("share", width: 160, height: 12, title: "", about: "")
        drawing.rectangle(0, 1, max(count > 0 ? 1 : 0, 160 * Double(count) / Double(max(most, 1))), 10, "fill")
        return drawing.silentMarkup
    }
}
