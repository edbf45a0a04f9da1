internal import Foundation
package import Rules
internal import Tables

/// The published figures the rules are held against; they are no part of the project.
///
/// `ACCOUNTABILITY_DATA` names their directory; else `../shared/data` beside the package. Tests skip where it is
/// absent.
package enum PublishedData {
    package static let directory: String = {
        if let named = ProcessInfo.processInfo.environment["ACCOUNTABILITY_DATA"] { return named }
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return package.deletingLastPathComponent().appendingPathComponent("shared/data").path
    }()

    package static func path(_ name: String) -> String { directory + "/" + name }

    package static func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// The rows of a table, each by the name of its column up to a `|`, empty fields left out.
    package static func rows(_ name: String) throws -> [[String: String]] {
        var reader = try CSVReader(path: path(name))
        let header = reader.header.map { String($0.prefix { $0 != "|" }) }
        var rows: [[String: String]] = []
        while try reader.next() {
            var row: [String: String] = [:]
            for index in 0..<reader.fieldCount {
                let text = reader.text(index)
                if !text.isEmpty { row[header[index]] = text }
            }
            rows.append(row)
        }
        return rows
    }
}

/// Numbers that are the same in every run.
package struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    // SplitMix64.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A decimal typed into a test.
package func decimal(_ text: String) -> Ratio {
    guard let value = try? Ratio(decimal: text) else { preconditionFailure("'\(text)' is no decimal") }
    return value
}

/// A figure that a binary program printed: six decimals are real.
package func printed(_ text: String?) -> Ratio? {
    text.flatMap { try? Ratio(decimal: $0, rounded: Rounding(.halfUp, decimals: 6)) }
}
