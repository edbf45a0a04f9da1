import Foundation

/// The TCP ports in use for listening, from the system's tables.
enum ListeningPorts {
    /// Whether a port is in use; true if unknown.
    static func contains(_ port: Int) -> Bool {
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].compactMap { try? String(contentsOfFile: $0, encoding: .utf8) }
        return tables.isEmpty || tables.contains { contains(port, in: $0) }
    }

    /// Whether a table lists a port as listening.
    ///
    /// The second column is the local address, the fourth the state; 0A means listening.
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
