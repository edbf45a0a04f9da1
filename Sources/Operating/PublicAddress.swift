/// The console's address in people's browsers, if a proxy in front of the console encrypts.
package struct PublicAddress: Hashable, Sendable {
    /// The host in lower case, with the port unless it is 443.
    package let host: String

    /// As browsers name it in the header `Origin`, such as `https://accountability.example.org`.
    package var origin: String { "https://\(host)" }

    /// Reads an address such as `https://accountability.example.org`; nil if it is not https, or has more than a host
    /// and a port.
    package init?(_ text: String) {
        let scheme = "https://"
        guard text.lowercased().hasPrefix(scheme) else { return nil }
        var host = text.dropFirst(scheme.count)
        if host.hasSuffix("/") { host.removeLast() }
        guard let normal = Self.normal(String(host)) else { return nil }
        self.host = normal
    }

    /// Whether a `Host` header names it.
    package func isNamed(by header: String?) -> Bool { header.flatMap(Self.normal) == host }

    /// A host with a port in the form that ``host`` has; nil if it is not one.
    private static func normal(_ text: String) -> String? {
        let parts = text.lowercased().split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.first, isName(name) else { return nil }
        guard parts.count == 2 else { return String(name) }
        guard let port = UInt16(parts[1]), port > 0, parts[1] == "\(port)" else { return nil }
        return port == 443 ? String(name) : "\(name):\(port)"
    }

    /// Whether a text is a host name, with labels of letters, digits and hyphens.
    private static func isName(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D }
            }
    }
}
