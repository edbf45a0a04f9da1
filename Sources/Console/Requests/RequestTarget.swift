/// A path and a query, split into parts.
///
/// Anything that is not in the exact form is a ``Problem``.
struct RequestTarget: Hashable {
    /// The names of the path.
    var path: [String]
    /// The parameters of the query, by name.
    var query: [String: String] = [:]

    /// The first name of the API's addresses.
    private static let api = "api"

    /// The longest target that is accepted, in bytes.
    static let longest = 2048
    /// The longest target of the address that the provider of single sign-on leads back to.
    ///
    /// The codes of some providers have more than a thousand bytes.
    private static let longestCallback = 6144

    init(_ target: String) throws(Problem) {
        let longest = target.hasPrefix("\(Address.callback)?") ? Self.longestCallback : Self.longest
        guard target.utf8.count <= longest else { throw Problem(414, "an address has at most \(longest) bytes") }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, first.first == "/" else {
            throw Problem(400, "an address must begin with /")
        }
        path = []
        for name in first.dropFirst().split(separator: "/", omittingEmptySubsequences: true) {
            path.append(try Self.decoded(name, isQuery: false))
        }
        guard parts.count > 1 else { return }
        for pair in parts[1].split(separator: "&", omittingEmptySubsequences: true) {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try Self.decoded(sides[0], isQuery: true)
            let value = sides.count > 1 ? try Self.decoded(sides[1], isQuery: true) : ""
            guard query[name] == nil else { throw Problem(400, "the query names '\(Self.shown(name))' twice") }
            query[name] = value
        }
        // A form also sends the fields that were left empty. A program leaves them out.
        if path.first != Self.api { query = query.filter { !$0.value.isEmpty } }
    }

    /// Text without its percent-encoding.
    static func decoded(_ text: Substring, isQuery: Bool) throws(Problem) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(hexadecimal), let low = rest.next().flatMap(hexadecimal) else {
                    throw Problem(
                        400,
                        "in an address, two hexadecimal digits must follow a %; write % itself as %25"
                    )
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where isQuery: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw Problem(400, "the address is not UTF-8")
        }
        guard !decoded.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw Problem(400, "an address may not contain control characters")
        }
        return decoded
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// A visitor's text, shortened for a message.
    static func shown(_ text: String) -> String { text.count > 40 ? text.prefix(40) + "…" : text }

    /// Text with percent-encoding, for a query.
    static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += byte < 16 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }
}
