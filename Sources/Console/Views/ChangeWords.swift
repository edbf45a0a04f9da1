internal import Reading
internal import Rules

/// Says what changed between two determinations in the words of the pages.
enum ChangeWords {
    private static let titles: [String: String] = {
        var titles: [String: String] = [:]
        for span in GradeSpan.allCases {
            titles[span.wireName] = span == .nonHigh ? "Non-high school grades" : "High school grades"
        }
        for group in StudentGroup.allCases { titles[group.wireName] = group.title }
        for indicator in Indicator.allCases { titles[indicator.wireName] = indicator.title }
        for level in DeterminationLevel.allCases { titles[level.wireName] = level.title }
        for classification in Classification.allCases { titles[classification.wireName] = classification.title }
        for reason in DeterminationReason.allCases { titles[reason.wireName] = reason.title }
        return titles
    }()

    /// `non_high all_students ela_achievement: 497 → 496.7` as `Non-high school grades, All Students, ELA achievement:
    /// 497 → 496.7`.
    static func readable(_ change: String) -> String {
        guard let colon = change.firstIndex(of: ":") else { return words(change) }
        let names = change[..<colon].split(separator: " ")
            .map { titles[String($0)] ?? String($0).replacing("_", with: " ") }
        let head = names.joined(separator: ", ")
        return head.prefix(1).uppercased() + head.dropFirst() + words(change[colon...])
    }

    /// The text with the titles of the names in it.
    ///
    /// Only names with an underscore are taken for names: other words may be of a reason or a source.
    private static func words(_ text: some StringProtocol) -> String {
        var shown = ""
        var name = ""
        for character in text {
            if character.isASCII, character.isLetter || character.isNumber || character == "_" {
                name.append(character)
            } else {
                shown += title(name)
                shown.append(character)
                name = ""
            }
        }
        return shown + title(name)
    }

    private static func title(_ name: String) -> String {
        guard name.contains("_") else { return name }
        return titles[name] ?? name.replacing("_", with: " ")
    }
}
