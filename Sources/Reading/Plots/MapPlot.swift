package import Rules

extension Plots {
    /// The outcomes that a map tells apart, from the one that needs most to the one that needs least.
    ///
    /// The shades go from dark to light; neighbours may share one. The words of each place and the table beside the map
    /// say the same without colour.
    private static let shades: [(level: DeterminationLevel, shade: String)] = [
        (.broadComprehensive, "m5"), (.focusedTargeted, "m4"), (.limited, "m3"), (.moderate, "m2"),
        (.partiallyMeeting, "m2"), (.substantial, "m1"), (.meeting, "m1"), (.schoolOfRecognition, "m0"),
    ]

    /// A map of organizations by their determinations.
    ///
    /// - Parameters:
    ///   - map: where the organizations are.
    ///   - outcomes: the name and outcome of each organization; others are drawn without a shade.
    /// - Returns: the drawing; nil where the map shows none of them.
    package static func map(
        _ map: GeographicMap,
        _ outcomes: [OrganizationCode: (name: String, outcome: Outcome)]
    ) -> String? {
        let shown = map.shapes.filter { outcomes[$0.code] != nil }
        guard !shown.isEmpty else { return nil }
        let drawn = shades.filter { shade in
            shown.contains { outcomes[$0.code]?.outcome.level == shade.level }
        }
        let legendTop = Double(map.height) + 16
        var drawing = Drawing(
            "map",
            width: max(map.width, 340),
            height: map.height + 24 + 20 * drawn.count,
            title: "Map of \(Words.count(Set(shown.map(\.code)).count, "organization")) by determination",
            about: "Darker ones need more assistance; the table below has the same."
        )
        // Areas first: places lie in them.
        for shape in map.shapes.filter({ $0.place == nil }) + map.shapes.filter({ $0.place != nil }) {
            let own = outcomes[shape.code]
            let kind = own.map { shade(of: $0.outcome) } ?? "none"
            let title = own.map { "\($0.name): \($0.outcome.title)" } ?? shape.code.description
            if let place = shape.place {
                if own != nil { drawing.place(place.x, place.y, "region \(kind)", title: title) }
            } else {
                drawing.area(shape.path, "region \(kind)", title: title)
            }
        }
        for (index, entry) in drawn.enumerated() {
            let y = legendTop + 20 * Double(index)
            drawing.rectangle(10, y - 10, 14, 12, "region \(entry.shade)")
            let outcome = Outcome(classification: nil, level: entry.level)
            drawing.words("\(outcome.sign) \(outcome.shortTitle)", 32, y)
        }
        return drawing.markup
    }

    private static func shade(of outcome: Outcome) -> String {
        shades.first { $0.level == outcome.level }?.shade ?? "none"
    }
}
