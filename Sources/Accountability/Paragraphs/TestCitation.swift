internal import Foundation
internal import Rules

/// A test that cites the paragraph it tries: a line `/// 603 CMR 2.03(2)(a)` above it.
struct TestCitation: Hashable, Comparable {
    let paragraph: String
    /// `PercentileTests.ranksTies`.
    let test: String

    static func < (left: TestCitation, right: TestCitation) -> Bool {
        (left.paragraph, left.test) < (right.paragraph, right.test)
    }

    /// The citations in the source of a test.
    ///
    /// A citation is a documentation comment that begins with the paragraph; it belongs to the next function that is
    /// declared below it.
    static func scan(_ source: String) -> [TestCitation] {
        var suite = ""
        var pending: [String] = []
        var found: [TestCitation] = []
        for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
            let text = line.trimmingPrefix { $0 == " " }
            if text.hasPrefix("/// 603 CMR 2.03(") {
                let paragraph = text.dropFirst(12).prefix { $0 != " " && $0 != ":" && $0 != "," }
                pending.append("603 CMR " + (paragraph.hasSuffix(".") ? paragraph.dropLast() : paragraph))
            } else if let name = declared("struct ", in: text), line.first != " " {
                suite = name
            } else if let name = declared("func ", in: text) {
                found += pending.map { TestCitation(paragraph: $0, test: "\(suite).\(name)") }
                pending = []
            }
        }
        return found
    }

    private static func declared(_ keyword: String, in line: Substring) -> String? {
        guard let place = line.range(of: keyword) else { return nil }
        // The arguments of an attribute may be anything.
        var depth = 0
        let words = line[..<place.lowerBound]
            .filter { character in
                if character == "(" { depth += 1 }
                defer { if character == ")" { depth -= 1 } }
                return depth == 0
            }
            .split(separator: " ")
        let isDeclaration =
            depth == 0
            && words.allSatisfy { word in
                word.hasPrefix("@") || ["private", "fileprivate", "internal", "static", "package"].contains(word)
            }
        let name = line[place.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return isDeclaration && !name.isEmpty ? String(name) : nil
    }
}
