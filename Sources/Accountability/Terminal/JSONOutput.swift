internal import Foundation
internal import Operating

/// Values as JSON on standard output.
enum JSONOutput {
    /// Prints values, keys sorted, so that two runs can be compared.
    static func write(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Standard.output(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
    }
}
