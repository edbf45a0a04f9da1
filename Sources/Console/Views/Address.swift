internal import Rules

/// Addresses of the console, as links name them.
package enum Address {
    static let api = "/api/v1"

    /// A path with a query; parameters without a value are left out.
    static func of(_ path: String, _ query: [(String, String?)] = []) -> String {
        let pairs = query.compactMap { name, value in
            value.flatMap { $0.isEmpty ? nil : "\(name)=\(RequestTarget.encoded($0))" }
        }
        return pairs.isEmpty ? path : "\(path)?\(pairs.joined(separator: "&"))"
    }

    /// A path with a query, with other values in place of some; nil leaves a parameter out.
    static func of(_ path: String, _ query: [String: String], with others: [String: String?] = [:]) -> String {
        var all: [String: String?] = query
        all.merge(others) { $1 }
        return of(path, all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    static func year(_ year: Int) -> String { "/years/\(year)" }

    static func organization(_ year: Int, _ code: OrganizationCode) -> String { "/years/\(year)/organizations/\(code)" }

    static func state(_ year: Int) -> String { "/years/\(year)/state" }

    static func framework(_ name: String) -> String { "/frameworks/\(name)" }
}

/// Words that stand in several views.
enum Words {
    /// `1 school`, `12 schools`.
    static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(grouped(number)) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    /// A whole number with separators between its thousands.
    static func grouped(_ number: some BinaryInteger) -> String {
        let digits = String(number.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + text
    }

    /// Words as a sentence: with a large first letter and a full stop.
    static func sentence(_ words: String) -> String {
        words.isEmpty ? words : words.prefix(1).uppercased() + words.dropFirst() + (words.hasSuffix(".") ? "" : ".")
    }

    /// A wire name as words, the first letter large.
    static func title(_ name: String) -> String {
        let words = name.replacing("_", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    /// The name of an indicator in reports.
    static func title(_ indicator: Indicator) -> String {
        switch indicator {
        case .elaAchievement: "ELA achievement"
        case .mathAchievement: "Mathematics achievement"
        case .scienceAchievement: "Science achievement"
        case .elaGrowth: "ELA growth"
        case .mathGrowth: "Mathematics growth"
        case .fourYearGraduation: "Four-year graduation rate"
        case .extendedEngagement: "Extended engagement rate"
        case .dropout: "Annual dropout rate"
        case .elProgress: "Progress toward English proficiency"
        case .chronicAbsenteeism: "Chronic absenteeism"
        case .advancedCoursework: "Advanced coursework completion"
        }
    }

    static func title(_ category: IndicatorCategory) -> String {
        switch category {
        case .achievement: "Achievement"
        case .growth: "Student growth"
        case .highSchoolCompletion: "High school completion"
        case .elProgress: "Progress toward English proficiency"
        case .additional: "Additional indicators"
        }
    }

    static func title(_ span: GradeSpan) -> String { span == .high ? "High school grades" : "Non-high school grades" }
}
