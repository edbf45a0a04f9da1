import Foundation

/// The TCP ports that somebody listens on, as the system's tables tell them.
enum ListeningPorts {
    /// Whether a port is among them; true where that cannot be told.
    static func contains(_ port: Int) -> Bool {
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].compactMap { try? String(contentsOfFile: $0, encoding: .utf8) }
        return tables.isEmpty || tables.contains { contains(port, in: $0) }
    }

    /// Whether a port is listened on in a table: the second column is the local address, the fourth the state, 0A for
    /// listening.
    static func contains(_ port: Int, in table: String) -> Bool {
        table.split(separator: "\n").dropFirst()
            .contains { line in
                let fields = line.split(separator: " ")
                guard fields.count > 3, fields[3] == "0A", let address = fields[1].split(separator: ":").last else {
                    return false
                }
                return Int(address, radix: 16) == port
            }
    }
}
