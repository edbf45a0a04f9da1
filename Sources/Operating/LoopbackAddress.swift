/// The address of the console.
///
/// It must be on the loopback interface, because the console does not encrypt.
package struct LoopbackAddress: Hashable, Sendable {
    package let host: String
    package let port: Int

    /// The default address.
    package static let usual = "127.0.0.1:8603"

    /// Reads an address from `host:port`; nil if it is invalid.
    ///
    /// - Throws: ``Refusal`` if other machines could reach it.
    package init?(_ text: String) throws(Refusal) {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
            let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port)
        else { return nil }
        let name = text[..<colon]
        let host = name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : String(name)
        guard HostCheck.isLoopback(address: host) else { throw Refusal(host: host) }
        self.host = host
        self.port = port
    }

    /// The address with a port, as used in a URL.
    package func text(port: Int) -> String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Why an address is refused.
    package struct Refusal: Error, CustomStringConvertible {
        let host: String

        package var description: String {
            "the console does not encrypt and shows small groups, so it listens on the loopback interface only: "
                + "127.0.0.1, [::1] or localhost, and not \(host.prefix(60)). From another machine, forward the port with ssh -L"
        }
    }
}

/// Checks that a request names this machine.
///
/// A request from another site whose name was pointed here (DNS rebinding) gets no answer.
package enum HostCheck {
    /// Whether a `Host` header names the loopback interface.
    package static func isLoopback(_ header: String?) -> Bool {
        guard let header else { return false }
        let host: Substring
        if header.hasPrefix("[") {
            guard let end = header.firstIndex(of: "]") else { return false }
            host = header[header.index(after: header.startIndex)..<end]
            guard isPort(header[header.index(after: end)...]) else { return false }
        } else {
            host = header.prefix { $0 != ":" }
            guard isPort(header[host.endIndex...]) else { return false }
        }
        return isLoopback(address: String(host))
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty
            || (text.first == ":" && (1...5).contains(text.count - 1)
                && text.dropFirst().utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") })
    }

    /// Whether an address is one of the loopback interface: 127.0.0.0/8, ::1 or localhost.
    package static func isLoopback(address: String) -> Bool {
        if address.lowercased() == "localhost" || address == "::1" { return true }
        let parts = address.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                (1...3).contains(part.count) && part.allSatisfy(\.isASCII) && UInt8(part) != nil
            }
    }
}
