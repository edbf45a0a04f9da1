package import Rules

/// Texts that several views use.
package enum Words {
    /// `1 school`, `12 schools`.
    package static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(grouped(number)) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    /// An integer with thousands separators.
    package static func grouped(_ number: some BinaryInteger) -> String {
        let digits = String(number.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + text
    }

    /// Words as a sentence: with a large first letter and a full stop.
    package static func sentence(_ words: String) -> String {
        words.isEmpty ? words : words.prefix(1).uppercased() + words.dropFirst() + (words.hasSuffix(".") ? "" : ".")
    }

    /// A wire name as words, the first letter large.
    package static func title(_ name: String) -> String {
        let words = name.replacing("_", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    package static func title(_ category: IndicatorCategory) -> String {
        switch category {
        case .achievement: "Achievement"
        case .growth: "Student growth"
        case .highSchoolCompletion: "High school completion"
        case .elProgress: "Progress toward English proficiency"
        case .additional: "Additional indicators"
        }
    }

    package static func title(_ span: GradeSpan) -> String {
        span == .high ? "High school grades" : "Non-high school grades"
    }
}
