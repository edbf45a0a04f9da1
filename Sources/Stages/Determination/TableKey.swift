import Rules

/// Keys of tables, which are names between slashes.
enum TableKey {
    /// The names of a key.
    static func parts(_ key: Span<UInt8>) -> [String] {
        var parts: [String] = []
        var part: [UInt8] = []
        for index in key.indices {
            if key[index] == UInt8(ascii: "/") {
                parts.append(String(decoding: part, as: UTF8.self))
                part.removeAll(keepingCapacity: true)
            } else {
                part.append(key[index])
            }
        }
        parts.append(String(decoding: part, as: UTF8.self))
        return parts
    }
}

/// The frameworks of the school years a task has met.
final class YearFrameworks {
    private let frameworks: FrameworkSet
    private var byYear: [Int: Framework?] = [:]

    init(_ frameworks: FrameworkSet) {
        self.frameworks = frameworks
    }

    /// The framework of a school year; nil for a year without one, such as 2020.
    subscript(year: Int) -> Framework? {
        get throws(FrameworkError) {
            if let known = byYear[year] { return known }
            let framework = try frameworks.ifCovered(schoolYear: year)
            byYear[year] = .some(framework)
            return framework
        }
    }
}
