/// An IPv4 or IPv6 address, and whether it is one of the public internet.
package struct NetworkAddress: Sendable, Hashable {
    /// Four or sixteen bytes.
    private let bytes: [UInt8]

    /// An address from its text; a zone behind `%` makes it none.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        guard let bytes = text.contains(":") ? Self.six(text) : Self.four(text) else { return nil }
        self.bytes = bytes
    }

    /// Whether deliveries may go there: no loopback, private, link-local, shared, documentation, multicast or reserved
    /// address, however it is written or wrapped.
    package var isPublic: Bool {
        bytes.count == 4 ? Self.isPublic(four: bytes) : Self.isPublic(six: bytes)
    }

    private static func isPublic(four: [UInt8]) -> Bool {
        switch (four[0], four[1], four[2]) {
        case (0, _, _), (10, _, _), (127, _, _), (224..., _, _): false
        case (100, 64...127, _): false
        case (169, 254, _), (192, 168, _), (172, 16...31, _), (198, 18...19, _): false
        case (192, 0, 0), (192, 0, 2), (192, 88, 99), (198, 51, 100), (203, 0, 113): false
        default: true
        }
    }

    private static func isPublic(six: [UInt8]) -> Bool {
        let isV4Translated = six.starts(with: [0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0])
        if isV4Translated { return isPublic(four: Array(six[12...])) }
        // All that is assigned to the public lies in 2000::/3; mapped, unique local, link-local and multicast addresses
        // do not.
        guard six[0] & 0xE0 == 0x20 else { return false }
        // 6to4 carries an address of the older kind; below 2001:200:: are protocols' own, Teredo among them; 2001:db8::
        // and 3fff:: are for books.
        if six[0] == 0x20, six[1] == 0x02 { return isPublic(four: Array(six[2..<6])) }
        if six[0] == 0x20, six[1] == 0x01 { return six[2] >= 0x02 && !(six[2] == 0x0D && six[3] == 0xB8) }
        return !(six[0] == 0x3F && six[1] == 0xFF)
    }

    private static func four(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            // A leading zero means octal to some.
            guard (1...3).contains(part.utf8.count), part == "0" || part.first != "0",
                part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func six(_ text: String) -> [UInt8]? {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2, let head = groups(halves[0]), let tail = halves.count == 2 ? groups(halves[1]) : []
        else { return nil }
        let missing = 16 - head.count - tail.count
        guard halves.count == 2 ? missing >= 2 : missing == 0 else { return nil }
        return head + Array(repeating: 0, count: missing) + tail
    }

    /// The bytes of groups between colons, the last of which may be an address of four bytes.
    private static func groups(_ text: Substring) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(".") {
                guard let last = four(String(part)) else { return nil }
                bytes += last
                continue
            }
            guard (1...4).contains(part.utf8.count),
                part.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
                let group = UInt16(part, radix: 16)
            else { return nil }
            bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
        }
        return bytes.count <= 16 ? bytes : nil
    }
}
